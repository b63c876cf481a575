"""Backups of a database that holds rows of every table, and what is restored of them."""

from contextlib import closing
from datetime import UTC, datetime

import pytest

from alpha_oracle.adapters.embedded.postgres import client_programs
from alpha_oracle.adapters.postgres.archives import (
    EVENTS_SKIPPED,
    LAPSED,
    PostgresArchives,
    Restoration,
)
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import current_and_head
from alpha_oracle.errors import ConfigurationError, StoreUnavailable
from tests.conftest import own_database
from tests.integration.postgres.filling import columns, fill, held, read, run, schema
from tests.integration.postgres.stored_rows import ROWS

AT = datetime(2016, 6, 3, 12, 0, tzinfo=UTC)
TOLD = Restoration(at=AT, by="cli:jane", reason="restored")
SWITCH = "SELECT is_active, activated_at, changed_by, reason FROM kill_switch"
HALTED = [(True, AT, "cli:jane", "restored")]
NEWEST = max(ROWS)
LEFT_TO_PEOPLE = {"kill_switch", "operator_requests", "approvals"}
"""What a restoration changes, which tests of its own look at."""

REQUESTS = "SELECT request_id, answered_at, answer FROM operator_requests ORDER BY number"
APPROVALS = "SELECT order_id, status, decided_at, decided_by FROM approvals ORDER BY order_id"


def archives(url):
    return PostgresArchives(url=url, programs=client_programs())


@pytest.fixture(scope="module")
def filled_url(postgres_url, run_name, worker):
    """The URL of a database of this module's own, with the newest schema and rows in all of it."""
    with own_database(postgres_url, f"{run_name}_{worker}_filled", template="template1") as url:
        fill(url, through=NEWEST)
        yield url


@pytest.fixture(scope="module")
def backup(filled_url, tmp_path_factory):
    """A backup of it, which nobody changes."""
    path = tmp_path_factory.mktemp("backups") / "filled.dump"
    archives(filled_url).write(path)
    return path


def all_rows(url):
    tables = columns(url)
    return held(url, {name: tables[name] for name in tables if name not in LEFT_TO_PEOPLE})


def test_all_rows_come_back_and_the_kill_switch_is_active(filled_url, backup, empty_database_url):
    archives(empty_database_url).restore(backup, TOLD)

    rows = all_rows(empty_database_url)
    assert [table for table, there in rows.items() if not there] == []
    assert rows == all_rows(filled_url)
    assert schema(empty_database_url) == schema(filled_url)
    assert current_and_head(empty_database_url) == (NEWEST, NEWEST)
    assert read(filled_url, SWITCH)[0][0] is False
    assert read(empty_database_url, SWITCH) == HALTED


def test_what_a_database_held_is_replaced(backup, filled_url, database_url):
    run(
        database_url,
        "INSERT INTO symbols (symbol) VALUES ('GONE'); CREATE TABLE of_a_newer_version ();",
    )
    archives(database_url).restore(backup, TOLD)
    assert all_rows(database_url) == all_rows(filled_url)
    assert schema(database_url) == schema(filled_url)


def test_numbers_of_events_and_rows_go_on_behind_those_that_were_given(backup, empty_database_url):
    archives(empty_database_url).restore(backup, TOLD)

    (newest,) = read(empty_database_url, "SELECT max(event_number) FROM outbox")[0]
    (following,) = read(empty_database_url, "SELECT nextval('event_numbers')")[0]
    assert following > newest + EVENTS_SKIPPED - 1
    run(
        empty_database_url,
        "INSERT INTO outbox (channel, message_id, document, created_at)"
        " VALUES ('risk', 'new', '{}', now())",
    )
    newest = "SELECT message_id FROM outbox ORDER BY outbox_id DESC LIMIT 1"
    assert read(empty_database_url, newest) == [("new",)]


def test_a_later_activation_that_the_backup_holds_stands(backup, empty_database_url):
    earlier = Restoration(at=datetime(2016, 1, 4, tzinfo=UTC), by="cli:jane", reason="restored")
    archives(empty_database_url).restore(backup, earlier)
    ((is_active, activated_at, *_),) = read(empty_database_url, SWITCH)
    assert (is_active, activated_at) == (True, datetime(2016, 6, 1, 15, tzinfo=UTC))


def test_what_people_asked_for_or_approved_before_the_backup_lapses(
    backup, empty_database_url, database_url, tmp_path
):
    archives(database_url).restore(backup, TOLD)
    run(database_url, OTHERS)
    archives(database_url).write(tmp_path / "asked.dump")

    archives(empty_database_url).restore(tmp_path / "asked.dump", TOLD)

    before = datetime(2016, 6, 2, 15, tzinfo=UTC)
    assert read(empty_database_url, REQUESTS) == [("r1", AT, LAPSED), ("r2", before, "done")]
    assert read(empty_database_url, APPROVALS) == [
        ("a-approved", "expired", AT, ""),
        ("a-rejected", "rejected", before, "jane"),
        ("a-sent", "approved", before, "jane"),
        ("o2-1", "expired", AT, ""),
    ]


OTHERS = """
INSERT INTO operator_requests (request_id, account, kind, asked_at, asked_by, answered_at, answer)
VALUES ('r2', 'paper', 'reset_peak', '2016-06-02 14:30+00', 'cli:jane', '2016-06-02 15:00+00',
        'done');
INSERT INTO orders (order_id, account, symbol, side, quantity, order_type, purpose, strategy,
    session, created_at, status, simulated)
SELECT id, 'paper', 'AAPL', 'SELL', 5, 'MARKET', 'exit', 'MomentumStrategy', '2016-06-02',
       '2016-06-02 13:40+00', status, true
FROM (VALUES ('a-approved', 'AWAITING_APPROVAL'), ('a-rejected', 'AWAITING_APPROVAL'),
             ('a-sent', 'SUBMITTED')) AS new (id, status);
INSERT INTO approvals
SELECT id, '2016-06-02 13:40+00', '2016-06-02 19:45+00', 99.5, 'by hand', '{}', status,
       '2016-06-02 15:00+00', 'jane'
FROM (VALUES ('a-approved', 'approved'), ('a-rejected', 'rejected'), ('a-sent', 'approved'))
    AS new (id, status);
"""
"""A request that was answered; an approval not acted upon, a refusal, an approved order at work."""


def test_a_backup_of_an_earlier_schema_is_restored_as_it_was(
    empty_database_url, database_url, tmp_path
):
    fill(empty_database_url, through="0006_models")
    path = tmp_path / "old.dump"
    archives(empty_database_url).write(path)

    archives(database_url).restore(path, TOLD)

    assert all_rows(database_url) == all_rows(empty_database_url)
    assert current_and_head(database_url)[0] == "0006_models"


def test_a_backup_of_a_newer_package_is_refused_and_nothing_changes(
    backup, database_url, empty_database_url, tmp_path
):
    archives(empty_database_url).restore(backup, TOLD)
    run(empty_database_url, "UPDATE alembic_version SET version_num = '9999_tomorrow'")
    newer = tmp_path / "newer.dump"
    archives(empty_database_url).write(newer)
    run(database_url, "INSERT INTO symbols (symbol) VALUES ('KEPT')")

    with pytest.raises(StoreUnavailable, match="install the newest"):
        archives(database_url).restore(newer, TOLD)

    assert read(database_url, "SELECT symbol FROM symbols") == [("KEPT",)]
    assert read(database_url, SWITCH)[0][0] is False


@pytest.mark.parametrize("kept", [0.5, 0.97], ids=["half", "all but the end"])
def test_a_backup_that_is_cut_off_is_refused_and_nothing_changes(
    backup, database_url, tmp_path, kept
):
    whole = backup.read_bytes()
    cut = tmp_path / "cut.dump"
    cut.write_bytes(whole[: int(kept * len(whole))])
    run(database_url, "INSERT INTO symbols (symbol) VALUES ('KEPT')")

    with pytest.raises((StoreUnavailable, ConfigurationError)):
        archives(database_url).restore(cut, TOLD)

    assert read(database_url, "SELECT symbol FROM symbols") == [("KEPT",)]


def test_what_is_no_backup_of_ours_is_refused(database_url, empty_database_url, tmp_path):
    note, foreign = tmp_path / "note.txt", tmp_path / "foreign.dump"
    note.write_text("not a backup")
    with pytest.raises(ConfigurationError, match=r"note\.txt is no backup"):
        archives(database_url).restore(note, TOLD)

    clients = archives(empty_database_url)._clients
    clients.dump("--format=custom", f"--file={foreign}")
    with pytest.raises(ConfigurationError, match="no backup of alpha-oracle's"):
        archives(database_url).restore(foreign, TOLD)


def test_a_database_in_use_is_not_replaced(backup, database_url):
    with closing(open_database(database_url)) as database, database.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with pytest.raises(StoreUnavailable, match="1 connections of alpha-oracle use"):
            archives(database_url).restore(backup, TOLD)


def test_a_backup_is_for_its_owner_alone_and_overwrites_nothing(filled_url, backup):
    assert backup.stat().st_mode & 0o777 == 0o600
    before = backup.read_bytes()
    with pytest.raises(ConfigurationError, match="is there already"):
        archives(filled_url).write(backup)
    assert backup.read_bytes() == before


def test_a_backup_that_fails_leaves_no_file_and_tells_no_password(tmp_path):
    wrong = "postgresql://someone:hunter2@127.0.0.1:1/nowhere"
    with pytest.raises(StoreUnavailable, match="cannot be read") as failed:
        archives(wrong).write(tmp_path / "never.dump")
    assert "hunter2" not in str(failed.value)
    assert list(tmp_path.iterdir()) == []


def test_no_program_is_told_the_password_where_others_see_it():
    clients = archives("postgresql://someone:hunter2@db:5432/trading?sslmode=require")._clients
    assert clients._environment()["PGPASSWORD"] == "hunter2"
    told = clients._psql({"by": "jane"})
    assert "hunter2" not in " ".join(told)
    assert "sslmode=require" in told[-1]
