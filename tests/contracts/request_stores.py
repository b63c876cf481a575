"""What sources remember together, on Postgres and in memory, each under a clock of the test's.

On Postgres the time is the server's: a function of the same name, found first, stands in for it.
"""

from contextlib import closing, contextmanager
from types import SimpleNamespace

from sqlalchemy import make_url, text

from alpha_oracle.adapters.postgres.answers import PostgresAnswerSpool
from alpha_oracle.adapters.postgres.capabilities import PostgresCapabilities
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.leases import PostgresLeases
from alpha_oracle.adapters.postgres.listings import PostgresListings
from alpha_oracle.adapters.postgres.requests import PostgresRequestLedger
from tests.backends import CUT_OTHERS
from tests.fakes.clock import FixedClock
from tests.fakes.requests import (
    InMemoryAnswerSpool,
    InMemoryCapabilities,
    InMemoryLeases,
    InMemoryListings,
    InMemoryRequestLedger,
)

STAND_IN = """
CREATE SCHEMA stand_in;
CREATE TABLE stand_in.clock (now timestamptz);
INSERT INTO stand_in.clock VALUES ('2016-06-01 21:00+00');
CREATE FUNCTION stand_in.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
AS 'SELECT now FROM stand_in.clock';
"""


class ServerClock(FixedClock):
    """The clock of a Postgres server that obeys the test."""

    def __init__(self, database):
        super().__init__()
        self._database = database
        with database.begin() as connection:
            connection.exec_driver_sql(STAND_IN)

    def advance(self, **duration):
        super().advance(**duration)
        self.set(self.now())

    def set(self, now):
        super().set(now)
        with self._database.begin() as connection:
            connection.execute(text("UPDATE stand_in.clock SET now = :now"), {"now": now})


@contextmanager
def on_postgres(database_url):
    """All of them on one database."""
    path = {"options": "-csearch_path=stand_in,pg_catalog,public"}
    url = make_url(database_url).update_query_dict(path).render_as_string(hide_password=False)
    with closing(open_database(url)) as database:
        yield SimpleNamespace(
            clock=ServerClock(database),
            ledger=PostgresRequestLedger(database),
            answers=PostgresAnswerSpool(database),
            capabilities=PostgresCapabilities(database),
            listings=PostgresListings(database),
            leases=PostgresLeases(database),
            lose_leases=lambda: cut_others(database),
        )


@contextmanager
def in_memory():
    """The fakes that other tests use."""
    clock = FixedClock()
    leases = InMemoryLeases()
    yield SimpleNamespace(
        clock=clock,
        ledger=InMemoryRequestLedger(clock),
        answers=InMemoryAnswerSpool(clock),
        capabilities=InMemoryCapabilities(clock),
        listings=InMemoryListings(),
        leases=leases,
        lose_leases=leases.lose,
    )


def cut_others(database):
    """Cut every connection but the one that does it."""
    with database.begin() as connection:
        connection.execute(text(CUT_OTHERS))
