"""Databases in use since an earlier version of the schema are brought to the newest one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head, known_versions, upgrade
from alpha_oracle.adapters.postgres.occupancy import refuse_others
from alpha_oracle.bootstrap.installation import upgrade_schema
from alpha_oracle.bootstrap.stores import opened_database
from alpha_oracle.config import parse_settings
from alpha_oracle.errors import ConfigurationError, StoreUnavailable
from tests.integration.postgres.filling import bring_to, columns, fill, held, read, run, schema
from tests.integration.postgres.stored_rows import ROWS


def test_rows_are_known_of_each_version():
    assert set(ROWS) == known_versions()


@pytest.mark.parametrize("version", ROWS)
def test_rows_of_an_earlier_version_outlive_the_upgrade_to_what_is_installed_today(
    empty_database_url, database_url, version
):
    fill(empty_database_url, through=version)
    before = columns(empty_database_url)
    rows = held(empty_database_url, before)
    assert [table for table, there in rows.items() if not there] == []

    assert upgrade(empty_database_url) == current_and_head(empty_database_url)[0]

    assert held(empty_database_url, before) == rows
    assert schema(empty_database_url) == schema(database_url)


def test_announcements_of_before_are_numbered_in_their_order(empty_database_url):
    fill(empty_database_url, through="0008_trading")
    upgrade(empty_database_url)
    numbers = "SELECT event_number FROM outbox ORDER BY outbox_id"
    assert read(empty_database_url, numbers) == [(1,), (2,), (None,)]
    assert read(empty_database_url, "SELECT nextval('event_numbers')") == [(3,)]


def opened(url, home):
    settings = parse_settings({"home": str(home), "database": {"url": url}}, origin="a test")
    return opened_database(settings)


@pytest.mark.parametrize("version", [*ROWS][:-1:4])
def test_a_process_refuses_an_older_schema_and_says_what_to_do(empty_database_url, home, version):
    bring_to(empty_database_url, version)
    with (
        pytest.raises(ConfigurationError, match=f"{version}.*run `alpha-oracle db upgrade`"),
        opened(empty_database_url, home),
    ):
        pass


def test_a_process_refuses_a_newer_schema_and_says_what_to_do(database_url, home):
    run(database_url, "UPDATE alembic_version SET version_num = '9999_tomorrow'")
    with (
        pytest.raises(ConfigurationError, match=r"9999_tomorrow.*install the newest alpha-oracle"),
        opened(database_url, home),
    ):
        pass


def test_the_schema_is_not_changed_under_a_process_that_works(
    empty_database_url, home, monkeypatch
):
    fill(empty_database_url, through="0009_event_log")
    monkeypatch.setenv("ALPHA_ORACLE_HOME", str(home))
    monkeypatch.setenv("ALPHA_ORACLE_DATABASE__URL", empty_database_url)
    with closing(open_database(empty_database_url)) as database:
        database.ping()
        with pytest.raises(StoreUnavailable, match="1 connections of alpha-oracle use"):
            upgrade_schema()
        assert current_and_head(empty_database_url)[0] == "0009_event_log"

    newest = upgrade_schema()

    with closing(open_database(empty_database_url)) as database:
        database.ping()
        assert upgrade_schema() == newest == current_and_head(empty_database_url)[0]


def test_a_connection_that_the_server_names_a_moment_longer_is_no_process(
    empty_database_url, monkeypatch
):
    monkeypatch.setattr("alpha_oracle.adapters.postgres.occupancy.LEAVING_SECONDS", 300.0)
    with closing(open_database(empty_database_url)) as leaving, ThreadPoolExecutor(1) as thread:
        leaving.ping()
        looking = thread.submit(refuse_others, empty_database_url)
        with pytest.raises(TimeoutError):
            looking.result(timeout=0.5)
        leaving.close()
        looking.result(timeout=120)
