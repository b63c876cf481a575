import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.bar_writing import WRITERS_LOCK
from alpha_oracle.adapters.postgres.migrate import UPGRADE_LOCK
from alpha_oracle.adapters.postgres.outbox import RELAY_LOCK, PostgresOutbox
from alpha_oracle.adapters.postgres.signals import SAVE_LOCK, PostgresSignals
from alpha_oracle.domain.signals import Direction, SignalPlace, encode
from alpha_oracle.errors import StoreUnavailable
from tests.builders import FIRST_SESSION, a_signal, sessions_from
from tests.fakes.event_bus import InMemoryEventBus

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)
DAYS = sessions_from(FIRST_SESSION, count=30)


@pytest.fixture
def signals(database):
    return PostgresSignals(database)


@pytest.fixture
def outbox(database):
    return PostgresOutbox(database)


def some_signals(count):
    return [a_signal(symbol=f"SYN{number:03d}") for number in range(count, 0, -1)]


def ids(signals):
    return [signal.signal_id for signal in signals]


def test_no_two_kinds_of_work_wait_for_each_other():
    assert len({UPGRADE_LOCK, WRITERS_LOCK, SAVE_LOCK, RELAY_LOCK}) == 4


def test_a_signal_and_its_announcement_are_kept_byte_for_byte(signals, rows):
    signal = a_signal(reference_price=0.1 + 0.2, win_rate=None)
    assert signals.save([signal], at=AT) == (1, 0)
    assert rows("SELECT signal_id, document FROM signals") == [(signal.signal_id, encode(signal))]
    assert rows("SELECT message_id, document, channel, relayed_at FROM outbox") == [
        (signal.signal_id, encode(signal), "signals", None)
    ]


def test_a_signal_without_its_announcement_does_not_stand(signals, rows, database):
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE outbox ADD CHECK (document NOT LIKE '%SYN002%')"))
    with pytest.raises(Exception, match="outbox"):
        signals.save(some_signals(3), at=AT)
    assert rows("SELECT * FROM signals") == []
    assert rows("SELECT * FROM outbox") == []


def test_saving_again_changes_nothing(signals, rows):
    signals.save([a_signal()], at=AT)
    assert signals.save([a_signal(), a_signal(symbol="SYN002")], at=AT) == (1, 0)
    assert rows("SELECT count(*) FROM outbox") == [(2,)]


def test_a_signal_that_differs_from_what_was_announced_is_counted_and_not_kept(signals):
    signals.save([a_signal(strength=0.5)], at=AT)
    assert signals.save([a_signal(strength=0.6)], at=AT) == (0, 1)
    assert [document["strength"] for document in signals.signals()] == [0.5]


def test_a_signal_given_twice_at_once_is_one_and_its_difference_counted(signals, rows):
    assert signals.save([a_signal(strength=0.5), a_signal(strength=0.6)], at=AT) == (1, 1)
    assert rows("SELECT count(*) FROM outbox") == [(1,)]


def test_saving_none_is_nothing(signals):
    assert signals.save([], at=AT) == (0, 0)


def test_documents_come_newest_session_first(signals):
    given = [
        a_signal(session=DAYS[0], symbol="A"),
        a_signal(session=DAYS[1], symbol="B"),
        a_signal(session=DAYS[1], symbol="B", direction=Direction.FLAT),
        a_signal(session=DAYS[1], symbol="A", strategy="BreakoutStrategy"),
        a_signal(session=DAYS[1], symbol="A"),
    ]
    signals.save(given, at=AT)
    ordered = [given[3], given[4], given[2], given[1], given[0]]
    assert signals.signals() == [one.document() for one in ordered]
    assert signals.signals(limit=2) == [one.document() for one in ordered[:2]]
    assert signals.signals(session=DAYS[0]) == [given[0].document()]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], None),
        ([(5, "LONG")], 5),
        ([(5, "LONG"), (8, "LONG")], 8),
        ([(5, "LONG"), (8, "FLAT")], None),
        ([(5, "LONG"), (8, "SHORT"), (9, "LONG")], 9),
        ([(5, "LONG"), (8, "FLAT"), (8, "LONG")], 8),
        ([(4, "LONG")], None),
        ([(4, "LONG"), (6, "LONG")], 6),
        ([(10, "LONG")], None),
        ([(5, "LONG"), (10, "FLAT")], 5),
        ([(8, "FLAT")], None),
    ],
    ids=lambda value: str(value) if value is None or isinstance(value, list) else "",
)
def test_an_entry_is_open_until_its_strategy_ends_it(signals, history, expected):
    signals.save(
        [a_signal(session=DAYS[day], direction=Direction(name)) for day, name in history], at=AT
    )
    found = signals.open_entries("MomentumStrategy", before=DAYS[10], since=DAYS[5])
    assert found == ({} if expected is None else {"SYN001": DAYS[expected]})


def test_another_strategy_or_symbol_ends_no_entry(signals):
    entry = a_signal(session=DAYS[5])
    others = [
        a_signal(session=DAYS[6], direction=Direction.FLAT, strategy="BreakoutStrategy"),
        a_signal(session=DAYS[6], direction=Direction.FLAT, symbol="SYN002"),
    ]
    signals.save([entry, *others], at=AT)
    found = signals.open_entries("MomentumStrategy", before=DAYS[10], since=DAYS[0])
    assert found == {"SYN001": DAYS[5]}


def test_what_waits_is_announced_in_the_order_it_was_saved(signals, outbox):
    first, second = some_signals(3), [a_signal(session=DAYS[1])]
    signals.save(first, at=AT)
    signals.save(second, at=AT)
    bus = InMemoryEventBus()
    assert outbox.pending() == 4
    assert outbox.relay(bus, at=AT) == 4
    assert list(bus.announced.items()) == [
        (one.signal_id, encode(one)) for one in (*first, *second)
    ]
    assert outbox.pending() == 0


def test_what_was_relayed_is_not_announced_again(signals, outbox, rows):
    signals.save(some_signals(2), at=AT)
    bus = InMemoryEventBus()
    outbox.relay(bus, at=AT)
    assert outbox.relay(bus, at=AT.replace(hour=22)) == 0
    assert len(bus.calls) == 2
    assert rows("SELECT DISTINCT relayed_at FROM outbox") == [(AT,)]


def test_a_bus_that_is_away_leaves_the_rest_waiting(signals, outbox):
    given = some_signals(3)
    signals.save(given, at=AT)
    bus = InMemoryEventBus()
    bus.fails_before = {given[1].signal_id}
    with pytest.raises(StoreUnavailable):
        outbox.relay(bus, at=AT)
    assert (list(bus.announced), outbox.pending()) == (ids(given[:1]), 2)
    bus.fails_before = set()
    assert outbox.relay(bus, at=AT) == 2
    assert list(bus.announced) == ids(given)


def test_an_announcement_whose_mark_was_lost_is_repeated_under_its_id(signals, outbox):
    given = some_signals(2)
    signals.save(given, at=AT)
    bus = InMemoryEventBus()
    bus.fails_after = {given[0].signal_id}
    with pytest.raises(StoreUnavailable):
        outbox.relay(bus, at=AT)
    bus.fails_after = set()
    assert outbox.relay(bus, at=AT) == 2
    assert bus.calls == ids([given[0], *given])
    assert list(bus.announced) == ids(given)


def test_relays_at_once_announce_in_order_and_once(signals, outbox):
    given = some_signals(20)
    signals.save(given, at=AT)
    bus = InMemoryEventBus()
    together = threading.Barrier(3)

    def relay():
        together.wait(timeout=120)
        return outbox.relay(bus, at=AT)

    with ThreadPoolExecutor(3) as pool:
        relayed = [job.result() for job in [pool.submit(relay) for _ in range(3)]]
    assert sum(relayed) == 20
    assert bus.calls == ids(given)


def test_savers_at_once_keep_each_signal_once(signals, outbox, rows):
    given = some_signals(10)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(signals.save, given, at=AT) for _ in range(4)]
        counts = [job.result() for job in jobs]
    assert sum(new for new, _ in counts) == 10
    assert rows("SELECT count(*) FROM outbox") == [(10,)]


def test_pages_of_signals_go_on_where_the_one_before_ended(signals):
    for session in DAYS[:2]:
        signals.save(
            [
                a_signal(symbol=symbol, strategy=strategy, session=session)
                for symbol in ("AAA", "BBB")
                for strategy in ("Breakout", "Momentum")
            ],
            at=AT,
        )
    whole, after, pages = signals.signals(), None, []
    while page := signals.signals(after=after, limit=3):
        pages += page
        last = page[-1]
        day = date.fromisoformat(last["session"])
        after = SignalPlace(day, last["strategy"], last["symbol"], last["direction"])
    assert pages == whole
    assert len(whole) == 8
