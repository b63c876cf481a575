"""What a stream of signals delivers, on Redis and in memory alike."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.signal_stream import RedisSignalStream
from alpha_oracle.domain.signals import CHANNEL, STREAM
from tests.fakes.clock import FixedClock
from tests.fakes.signal_stream import InMemorySignalStream, SignalServer


@dataclass
class InMemory:
    """The fake's server, and those who read from it."""

    server: SignalServer = field(default_factory=SignalServer)

    def reader(self, consumer="worker"):
        clock = FixedClock(datetime(2016, 6, 2, 14, 0, tzinfo=UTC))
        return InMemorySignalStream(self.server, consumer=consumer, clock=clock)

    def add(self, document):
        self.server.add(document)

    def publish(self, document):
        self.server.publish(document)

    def flush(self):
        self.server.flush()

    def lose_group(self):
        self.server.lose_group()


@dataclass
class OnRedis:
    """A Redis, and those who read from it."""

    connection: RedisConnection
    readers: list = field(default_factory=list)

    def reader(self, consumer="worker"):
        self.readers.append(RedisSignalStream(self.connection, consumer=consumer))
        return self.readers[-1]

    def add(self, document):
        self._ask("xadd", STREAM, {"data": document})

    def publish(self, document):
        self._ask("publish", CHANNEL, document)

    def flush(self):
        self._ask("flushdb")

    def lose_group(self):
        self._ask("xgroup_destroy", STREAM, "execution")

    def close(self):
        for one in self.readers:
            one.close()
        self.connection.close()

    def _ask(self, command, *args):
        with self.connection.client() as client:
            getattr(client, command)(*args)


@pytest.fixture(params=["redis", "memory"])
def bus(request):
    if request.param == "memory":
        yield InMemory()
        return
    with closing(OnRedis(RedisConnection(request.getfixturevalue("redis_url")))) as bus:
        yield bus


def documents(stream):
    return [one.document for one in stream.read(wait_seconds=0.0)]


def test_what_was_added_before_anybody_read_is_delivered_once(bus):
    bus.add("one")
    bus.add("two")
    stream = bus.reader()

    assert documents(stream) == ["one", "two"]
    assert documents(stream) == []


def test_what_was_not_acknowledged_comes_again_after_a_restart(bus):
    bus.add("one")
    bus.add("two")
    stream = bus.reader()
    first, _ = stream.read(wait_seconds=0.0)
    stream.acknowledge([first])

    bus.add("three")
    assert documents(bus.reader()) == ["two", "three"]


def test_what_another_consumer_was_given_is_left_to_it_at_first(bus):
    bus.add("one")
    assert documents(bus.reader("another")) == ["one"]

    assert documents(bus.reader()) == []


def test_who_listens_hears_the_channel_too(bus):
    stream = bus.reader()
    assert documents(stream) == []
    bus.publish("heard")

    # Who publishes is answered first, who listens a moment later.
    (found,) = stream.read(wait_seconds=60.0)
    assert (found.document, found.source, found.entry_id) == ("heard", CHANNEL, None)
    stream.acknowledge([found])


def test_what_the_stream_gives_waits_for_nothing_on_the_channel(bus):
    stream = bus.reader()
    assert documents(stream) == []
    bus.publish("heard")
    bus.add("one")

    assert documents(stream) == ["one"]
    (heard,) = stream.read(wait_seconds=60.0)
    assert heard.document == "heard"


def test_a_bus_that_lost_its_data_is_read_on(bus):
    bus.add("one")
    stream = bus.reader()
    found = stream.read(wait_seconds=0.0)
    bus.flush()
    stream.acknowledge(found)
    bus.add("two")

    assert documents(stream) == ["two"]


def test_a_group_that_was_lost_delivers_everything_again(bus):
    bus.add("one")
    stream = bus.reader()
    stream.acknowledge(stream.read(wait_seconds=0.0))
    bus.lose_group()

    assert documents(stream) == ["one"]
