"""The worker takes in what comes, and keeps hold of it until it is on record."""

import pytest

from alpha_oracle.bootstrap.worker import Worker
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.signal_stream import Delivery
from tests.unit.execution.trading_day import TradingDay, a_document


class ScriptedStream:
    """A stream that gives what it is told to, once."""

    def __init__(self):
        self.coming, self.acknowledged, self.waits = [], [], []
        self.is_away = self.forgets = False

    def read(self, *, wait_seconds):
        if self.is_away:
            raise StoreUnavailable("the bus is out of reach")
        self.waits.append(wait_seconds)
        given, self.coming = self.coming, []
        return given

    def acknowledge(self, deliveries):
        if self.forgets:
            raise StoreUnavailable("the bus is out of reach")
        self.acknowledged += deliveries


@pytest.fixture
def day():
    return TradingDay()


@pytest.fixture
def stream():
    return ScriptedStream()


@pytest.fixture
def worker(day, stream):
    return Worker(
        account="paper",
        engine=day.engine,
        store=None,
        stream=stream,
        outbox=None,
        bus=None,
        clock=day.clock,
    )


def of_the_channel(symbol):
    return Delivery(document=a_document(symbol), source="channel")


def of_the_stream(symbol):
    return Delivery(document=a_document(symbol), source="stream", entry_id=f"{symbol}-0")


def symbols(day):
    return [signal.symbol for signal in day.memory.inbox.values()]


def test_what_came_while_the_store_was_away_is_taken_in_when_it_is_back(day, worker, stream):
    stream.coming = [of_the_channel("AAA"), of_the_stream("BBB"), of_the_channel("CCC")]
    day.memory.is_away = True
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            worker.take_in(wait_seconds=0.5)
    stream.coming = [of_the_channel("DDD")]
    assert (len(stream.waits), stream.acknowledged) == (1, [])

    day.memory.is_away = False
    assert worker.take_in(wait_seconds=0.5) == 3
    assert symbols(day) == ["AAA", "BBB", "CCC"]
    assert stream.acknowledged == []
    worker.step()
    assert [one.entry_id for one in stream.acknowledged if one.entry_id] == ["BBB-0"]
    assert worker.take_in(wait_seconds=0.5) == 1


def test_a_store_that_goes_away_midway_is_given_the_rest_alone(day, worker, stream):
    stream.coming = [of_the_channel("AAA"), of_the_stream("BBB")]
    taken, leaves = [], ["once"]

    def leave(point):
        if point == "before take in" and taken and leaves:
            leaves.clear()
            raise StoreUnavailable("gone")
        taken.append(point)

    day.another(at=leave)
    worker = Worker(
        account="paper", engine=day.engine, store=None, stream=stream, outbox=None, bus=None,
        clock=day.clock,
    )  # fmt: skip
    with pytest.raises(StoreUnavailable):
        worker.take_in(wait_seconds=0.0)
    assert [one.source for one in worker.unreceived] == ["channel", "stream"]
    assert stream.acknowledged == []
    assert worker.take_in(wait_seconds=0.0) == 1
    assert symbols(day) == ["AAA", "BBB"]


def test_what_could_not_be_acknowledged_is_not_received_again_from_memory(day, worker, stream):
    stream.coming = [of_the_stream("AAA")]
    stream.forgets = True
    worker.take_in(wait_seconds=0.0)
    with pytest.raises(StoreUnavailable):
        worker.step()
    assert symbols(day) == ["AAA"]
    assert (worker.unreceived, worker.unsettled) == ([], [])


def test_what_the_store_lost_before_it_settled_is_received_again(day, worker, stream):
    day.go_to(5)
    day.quote_all()
    worker.step()
    stream.coming = [of_the_channel("AAA"), of_the_stream("BBB")]
    assert worker.take_in(wait_seconds=0.0) == 2
    day.memory.is_away = True
    with pytest.raises(StoreUnavailable):
        worker.step()
    assert (symbols(day), stream.acknowledged) == ([], [])

    day.memory.is_away = False
    worker.take_in(wait_seconds=0.0)
    worker.step()
    assert symbols(day) == ["AAA", "BBB"]
    assert [order.symbol for order in day.orders()] == ["AAA", "BBB"]
    assert [one.entry_id for one in stream.acknowledged] == [None, "BBB-0"]


def test_what_only_waits_is_acknowledged_too_and_stays(day, worker, stream):
    stream.coming = [of_the_stream("AAA")]
    worker.take_in(wait_seconds=0.0)
    worker.step()
    assert [one.entry_id for one in stream.acknowledged] == ["AAA-0"]
    day.memory.lose()
    assert symbols(day) == ["AAA"]


def test_what_came_in_is_acknowledged_while_the_broker_does_not_answer(day, stream):
    day.scripted().is_away = True
    worker = Worker(
        account="paper", engine=day.engine, store=None, stream=stream, outbox=None, bus=None,
        clock=day.clock,
    )  # fmt: skip
    stream.coming = [of_the_stream("AAA")]
    worker.take_in(wait_seconds=0.0)
    with pytest.raises(StoreUnavailable, match="broker"):
        worker.step()
    assert [one.entry_id for one in stream.acknowledged] == ["AAA-0"]


def test_a_bus_that_is_away_for_long_is_told(day, worker, stream):
    day.go_to(10)
    stream.is_away = True
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            worker.take_in(wait_seconds=0.0)
        day.steps(1, seconds=10)
    assert day.alerts("high") == ["bus_away"]
    stream.is_away = False
    worker.take_in(wait_seconds=0.0)
    assert day.engine.outages.untold == {}
