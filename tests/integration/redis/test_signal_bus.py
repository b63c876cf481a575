from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alpha_oracle.adapters.redis.signal_bus import RedisSignalBus
from alpha_oracle.errors import StoreUnavailable

DOCUMENT = '{"event":"signal:generated","symbol":"AAPL","id":"1"}'


def on_the_stream(connection):
    with connection.client() as client:
        return [fields for _, fields in client.xrange("signals:stream")]


def test_a_signal_is_added_to_the_stream_and_published(connection):
    with connection.client() as client, closing(client.pubsub()) as listener:
        listener.subscribe("signals")
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        assert RedisSignalBus(connection).announce(DOCUMENT, signal_id="1")
        assert listener.get_message(timeout=5)["data"] == DOCUMENT
    assert on_the_stream(connection) == [{"data": DOCUMENT}]


def test_a_signal_announced_before_is_not_repeated(connection):
    bus = RedisSignalBus(connection)
    assert bus.announce(DOCUMENT, signal_id="1")
    with connection.client() as client, closing(client.pubsub()) as listener:
        listener.subscribe("signals")
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        assert not bus.announce(DOCUMENT, signal_id="1")
        client.publish("signals", "the next message")
        assert listener.get_message(timeout=5)["data"] == "the next message"
    assert len(on_the_stream(connection)) == 1


def test_a_signal_that_the_stream_refused_can_be_announced_again(connection):
    bus = RedisSignalBus(connection)
    with connection.client() as client:
        client.set("signals:stream", "no stream")
        with pytest.raises(StoreUnavailable):
            bus.announce(DOCUMENT, signal_id="1")
        client.delete("signals:stream")
    assert bus.announce(DOCUMENT, signal_id="1")
    assert on_the_stream(connection) == [{"data": DOCUMENT}]


def test_of_many_relays_at_once_one_announces(connection):
    bus = RedisSignalBus(connection)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: bus.announce(DOCUMENT, signal_id="1"), range(40)))
    assert sum(answers) == 1
    assert len(on_the_stream(connection)) == 1


def test_signals_stand_on_the_stream_in_the_order_of_their_announcement(connection):
    bus = RedisSignalBus(connection)
    for number in range(20):
        bus.announce(f'{{"id":"{number}"}}', signal_id=str(number))
    assert [entry["data"] for entry in on_the_stream(connection)] == [
        f'{{"id":"{number}"}}' for number in range(20)
    ]


def test_a_group_made_later_reads_what_was_announced_before(connection):
    RedisSignalBus(connection).announce(DOCUMENT, signal_id="1")
    with connection.client() as client:
        client.xgroup_create("signals:stream", "execution", id="0", mkstream=True)
        [[_, entries]] = client.xreadgroup("execution", "worker", {"signals:stream": ">"})
    assert [fields["data"] for _, fields in entries] == [DOCUMENT]


def test_the_memory_of_what_was_announced_does_not_grow_for_ever(connection):
    RedisSignalBus(connection).announce(DOCUMENT, signal_id="1")
    with connection.client() as client:
        assert 0 < client.ttl("signals:announced:1") <= 30 * 24 * 3600


def test_an_unreachable_bus_announces_nothing_and_says_so(nobody_answers):
    with pytest.raises(StoreUnavailable):
        RedisSignalBus(nobody_answers).announce(DOCUMENT, signal_id="1")
