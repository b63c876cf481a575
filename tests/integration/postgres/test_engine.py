import traceback
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from alpha_oracle.adapters.postgres.engine import (
    Database,
    open_database,
    parse_url,
    raw_cursor,
)
from alpha_oracle.errors import ConfigurationError, StoreUnavailable


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "mysql://u:hush@h/db",
        "postgresql://u:p@hush@h/db",
        "postgresql://h:port/db",
    ],
)
def test_a_url_that_is_no_postgres_url_is_told_without_repeating_it(url):
    with pytest.raises(ConfigurationError, match="expected postgresql://") as refused:
        open_database(url)

    assert "hush" not in "".join(traceback.format_exception(refused.value))


def execute(connection, statement, *, raw):
    if not raw:
        connection.execute(text(statement))
        return
    with raw_cursor(connection) as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hush@127.0.0.1:1/db",
        "postgres://127.0.0.1:1/db?user=u&password=hush",
        "postgresql+psycopg2:///db?host=/nowhere&password=hush",
    ],
    ids=["host", "password in the query", "socket"],
)
def test_a_server_that_is_not_there_is_unavailable_and_the_password_stays_hidden(url):
    database = open_database(url)

    with pytest.raises(StoreUnavailable, match="cannot be reached") as lost, database.begin():
        pass

    told = "".join(traceback.format_exception(lost.value)) + repr(database.name)
    assert "hush" not in told
    assert "database.url" in told


def test_a_connection_cut_in_the_middle_is_unavailable_and_the_next_one_works(database):
    cut = text("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreUnavailable), database.begin() as connection:
        connection.execute(cut)

    with database.begin() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_an_idle_connection_cut_by_the_server_is_replaced(database, database_url):
    with database.begin() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with closing(open_database(database_url)) as other, other.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 60000)"), {"pid": pid})

    with database.begin() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid


@pytest.mark.parametrize(
    ("code", "family", "words"),
    [
        ("53100", ConfigurationError, "disk of the database is full"),
        ("42P01", ConfigurationError, "db upgrade"),
        ("40P01", StoreUnavailable, "repeat"),
        ("57P03", StoreUnavailable, "cannot be reached"),
        ("53300", StoreUnavailable, "cannot be reached"),
    ],
    ids=["disk full", "no schema", "deadlock", "starting up", "too many connections"],
)
@pytest.mark.parametrize("raw", [False, True], ids=["by SQLAlchemy", "by the driver"])
def test_what_the_server_says_is_told_by_who_must_act(database, *, code, family, words, raw):
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'said' USING ERRCODE = '{code}'; END $$"

    with pytest.raises(family, match=words), database.begin() as connection:
        execute(connection, statement, raw=raw)


def test_no_space_left_on_a_device_is_a_full_disk_whatever_its_code(database):
    statement = "DO $$ BEGIN RAISE EXCEPTION 'could not write: No space left on device'; END $$"

    with pytest.raises(ConfigurationError, match="disk"), database.begin() as connection:
        connection.execute(text(statement))


def test_a_mistake_of_ours_is_not_dressed_up(database):
    with pytest.raises(DBAPIError), database.begin() as connection:
        connection.execute(text("SELECT 1 / 0"))


def test_a_block_that_raises_leaves_nothing(database, rows):
    statement = "INSERT INTO symbols (symbol) VALUES ('A')"

    with suppress(KeyError), database.begin() as connection:
        connection.execute(text(statement))
        raise KeyError

    assert rows("SELECT count(*) FROM symbols") == [(0,)]


def test_a_process_that_uses_all_its_connections_is_told_to_repeat(database_url):
    url = parse_url(database_url)
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.01)

    with (
        closing(Database(engine)) as database,
        database.begin(),
        pytest.raises(StoreUnavailable, match="in use"),
        database.begin(),
    ):
        pass


def test_instants_are_read_in_utc(rows):
    [(instant,)] = rows("SELECT timestamptz '2016-01-04 16:00 America/New_York'")

    assert instant == datetime(2016, 1, 4, 21, tzinfo=UTC)
    assert instant.isoformat().endswith("+00:00")


def test_a_url_may_set_its_own_connect_timeout():
    database = open_database("postgresql://127.0.0.1:1/db?connect_timeout=1&application_name=mine")

    with pytest.raises(StoreUnavailable), database.begin():
        pass
