"""Brokers of the contract suite, each in a market that a test sets."""

from __future__ import annotations

from contextlib import closing, contextmanager
from itertools import count

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from tests.fakes.broker import SimulatedMarket
from tests.fakes.gateway_market import gateway_market

ACCOUNTS = count()


@contextmanager
def simulated_in_memory(_request):
    """The simulated broker on a book in memory."""
    yield SimulatedMarket()


@contextmanager
def simulated_on_postgres(request):
    """The simulated broker on its book in Postgres."""
    with closing(open_database(request.getfixturevalue("simulated_database_url"))) as database:
        # To make an account is quicker than to make a database.
        yield SimulatedMarket(
            book=PostgresSimulatedBook(database, account=f"paper-{next(ACCOUNTS)}")
        )


@contextmanager
def ibkr(_request):
    """The broker at a TWS-protocol server."""
    with gateway_market() as market:
        yield market


MAKERS = {
    "simulated in memory": simulated_in_memory,
    "simulated": simulated_on_postgres,
    "ibkr": ibkr,
}
