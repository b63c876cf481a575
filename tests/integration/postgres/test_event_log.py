"""What was announced, read again in that order."""

import json
from datetime import timedelta

import pytest

from alpha_oracle.adapters.postgres.event_log import PostgresEventLog
from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox, announce
from tests.contracts.trading_values import an_activation, an_alert
from tests.fakes.event_bus import InMemoryEventBus
from tests.trading import NOW


@pytest.fixture
def log(database):
    return PostgresEventLog(database)


@pytest.fixture
def bus():
    return InMemoryEventBus()


def write(database, cause, *messages):
    with database.begin() as connection:
        announce(connection, cause, [an_alert(one) for one in messages], at=NOW)


def messages(events):
    return [json.loads(event.document)["message"] for event in events]


def test_what_only_waits_is_no_event_yet(database, log, bus):
    write(database, "change", "one")
    assert (log.latest(), log.after(0, limit=9)) == (0, [])
    PostgresOutbox(database).relay(bus, at=NOW)
    assert messages(log.after(0, limit=9)) == ["one"]


def test_a_reader_goes_on_after_the_last_event_it_saw(database, log, bus):
    for number in range(5):
        write(database, f"change-{number}", f"message {number}")
        PostgresOutbox(database).relay(bus, at=NOW)
    first = log.after(0, limit=2)
    assert messages(first) == ["message 0", "message 1"]
    rest = log.after(first[-1].number, limit=9)
    assert messages(rest) == ["message 2", "message 3", "message 4"]
    assert log.latest() == rest[-1].number
    assert log.after(log.latest(), limit=9) == []


def test_events_are_in_the_order_they_were_announced_not_written(database, log, bus):
    write(database, "alert", "written first")
    switch = PostgresOutbox(database, channels=["kill_switch"])
    PostgresKillSwitch(database).change(an_activation(), at=NOW)
    switch.relay(bus, at=NOW)
    seen = log.latest()
    PostgresOutbox(database).relay(bus, at=NOW + timedelta(seconds=1))
    assert messages(log.after(seen, limit=9)) == ["written first"]
    assert [event.channel for event in log.after(0, limit=9)] == ["kill_switch", "risk"]
