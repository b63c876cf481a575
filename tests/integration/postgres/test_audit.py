from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alpha_oracle.adapters.postgres import audit

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)


def an_entry(connection, **changes):
    entry = {
        "actor": "me",
        "action": "kill_switch_activated",
        "subject": "kill_switch",
        "detail": {"reason": "drill"},
        "at": AT,
    } | changes
    audit.record(connection, **entry)


def test_an_entry_says_who_did_what_to_what_and_when(database, rows):
    with database.begin() as connection:
        an_entry(connection)
    assert rows("SELECT at, actor, action, subject, detail FROM audit_log") == [
        (AT, "me", "kill_switch_activated", "kill_switch", {"reason": "drill"})
    ]


def test_an_entry_of_an_act_that_failed_does_not_stand(database, rows):
    with database.begin() as connection:
        an_entry(connection)
        connection.rollback()
    assert rows("SELECT * FROM audit_log") == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
    ids=["update", "delete", "truncate"],
)
def test_an_entry_stands_for_ever(database, rows, statement):
    with database.begin() as connection:
        an_entry(connection)
    with (
        pytest.raises(DBAPIError, match="append-only"),
        database.begin() as connection,
    ):
        connection.execute(text(statement))
    assert len(rows("SELECT * FROM audit_log")) == 1
