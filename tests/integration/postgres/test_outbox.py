"""The outbox over its channels; what it owes to signals is with theirs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.kill_switch import PostgresKillSwitch
from alpha_oracle.adapters.postgres.outbox import BATCH, PostgresOutbox, announce
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.trading_events import OrderSubmitted, OrderSummary
from alpha_oracle.errors import StoreUnavailable
from tests.builders import a_signal
from tests.contracts.trading_values import an_activation, an_alert
from tests.fakes.event_bus import InMemoryEventBus
from tests.trading import NOW, an_order


@pytest.fixture
def bus():
    return InMemoryEventBus()


def a_submission():
    order = an_order(status=OrderStatus.SUBMITTED)
    return OrderSubmitted(order=OrderSummary.of(order), at=NOW)


def write(database, cause, *events):
    with database.begin() as connection:
        announce(connection, cause, events, at=NOW)


def test_every_channel_is_relayed_to_its_own(database, bus):
    PostgresSignals(database).save([a_signal()], at=NOW)
    write(database, "change", a_submission(), an_alert())
    PostgresKillSwitch(database).change(an_activation(), at=NOW)
    assert PostgresOutbox(database).relay(bus, at=NOW) == 4
    assert list(bus.channels.values()) == ["signals", "orders", "risk", "kill_switch"]


def test_an_outbox_of_some_channels_leaves_the_others_waiting(database, bus):
    write(database, "change", a_submission(), an_alert())
    PostgresSignals(database).save([a_signal()], at=NOW)
    signals = PostgresOutbox(database, channels=["signals"])
    assert (signals.pending(), PostgresOutbox(database).pending()) == (1, 3)
    assert signals.relay(bus, at=NOW) == 1
    assert set(bus.channels.values()) == {"signals"}
    assert (signals.pending(), PostgresOutbox(database).pending()) == (0, 2)


def test_what_one_cause_announces_is_written_once_and_in_order(database, bus):
    events = [an_alert(str(number)) for number in range(5)]
    for _ in range(2):
        write(database, "change", *events)
    assert PostgresOutbox(database).relay(bus, at=NOW) == 5
    assert bus.calls == [f"change:{number}" for number in range(5)]


def test_announcements_go_out_as_they_were_written_whatever_their_channel(database, bus):
    for number in range(3):
        write(database, f"order-{number}", a_submission(), an_alert())
        activation = an_activation(activated_at=NOW + timedelta(minutes=number))
        PostgresKillSwitch(database).change(activation, at=NOW + timedelta(minutes=number))
    assert PostgresOutbox(database).relay(bus, at=NOW) == 9
    assert list(bus.channels.values()) == ["orders", "risk", "kill_switch"] * 3
    assert [one for one in bus.calls if one.startswith("order-")] == [
        f"order-{number}:{place}" for number in range(3) for place in range(2)
    ]


def test_of_two_changes_of_the_switch_at_once_the_first_is_announced_first(database, bus):
    """Whoever is second waits, and draws its place in the outbox only then."""
    second_is_done = Event()

    def change_too():
        record = an_activation(activated_at=NOW + timedelta(minutes=1), reason="second")
        PostgresKillSwitch(database).change(record, at=NOW + timedelta(minutes=1))
        second_is_done.set()

    with ThreadPoolExecutor(1) as pool:
        with database.begin() as connection:
            connection.execute(text("SELECT FROM kill_switch FOR UPDATE"))
            waiting = pool.submit(change_too)
            assert not second_is_done.wait(0.2)
            announce(connection, "first", [an_alert("first")], at=NOW)
        waiting.result(timeout=120)
    PostgresOutbox(database).relay(bus, at=NOW)
    assert list(bus.channels.values()) == ["risk", "kill_switch"]


def test_more_than_a_batch_is_relayed_whole(database, bus):
    write(database, "change", *(an_alert(str(number)) for number in range(2 * BATCH + 1)))
    assert PostgresOutbox(database).relay(bus, at=NOW) == 2 * BATCH + 1
    assert len(bus.announced) == 2 * BATCH + 1


def test_what_was_announced_before_the_bus_went_away_is_marked(database, bus):
    write(database, "change", *(an_alert(str(number)) for number in range(5)))
    bus.fails_before = {"change:3"}
    with pytest.raises(StoreUnavailable):
        PostgresOutbox(database).relay(bus, at=NOW)
    assert PostgresOutbox(database).pending() == 2
    bus.fails_before = set()
    PostgresOutbox(database).relay(bus, at=NOW)
    assert bus.calls == [f"change:{number}" for number in (0, 1, 2, 3, 3, 3, 4)]


def test_what_stands_or_falls_with_its_cause(database):
    with database.begin() as connection:
        announce(connection, "change", [an_alert()], at=NOW)
        connection.rollback()
    assert PostgresOutbox(database).pending() == 0
