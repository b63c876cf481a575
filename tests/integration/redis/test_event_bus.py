from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.events import Announcement

DOCUMENT = '{"event":"signal:generated","symbol":"AAPL","id":"1"}'


def a_message(document=DOCUMENT, *, channel="signals", message_id="1"):
    return Announcement(channel=channel, message_id=message_id, document=document)


def announced(bus, *messages):
    return bus.announce(messages or [a_message()])


def on_the_stream(connection):
    with connection.client() as client:
        return [fields for _, fields in client.xrange("signals:stream")]


def test_a_signal_is_added_to_the_stream_and_published(connection):
    with connection.client() as client, closing(client.pubsub()) as listener:
        listener.subscribe("signals")
        assert listener.get_message(timeout=60)["type"] == "subscribe"
        assert announced(RedisEventBus(connection)) == 1
        assert listener.get_message(timeout=60)["data"] == DOCUMENT
    assert on_the_stream(connection) == [{"data": DOCUMENT}]


def test_a_signal_announced_before_is_not_repeated(connection):
    bus = RedisEventBus(connection)
    assert announced(bus) == 1
    with connection.client() as client, closing(client.pubsub()) as listener:
        listener.subscribe("signals")
        assert listener.get_message(timeout=60)["type"] == "subscribe"
        assert announced(bus) == 1
        client.publish("signals", "the next message")
        assert listener.get_message(timeout=60)["data"] == "the next message"
    assert len(on_the_stream(connection)) == 1


def test_a_signal_that_the_stream_refused_can_be_announced_again(connection):
    bus = RedisEventBus(connection)
    with connection.client() as client:
        client.set("signals:stream", "no stream")
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            announced(bus)
        client.delete("signals:stream")
    assert announced(bus) == 1
    assert on_the_stream(connection) == [{"data": DOCUMENT}]


def test_of_many_relays_at_once_one_announces(connection, redis_url):
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        relays = [stack.enter_context(closing(RedisConnection(redis_url))) for _ in range(8)]
        answers = list(pool.map(announced, [RedisEventBus(one) for one in relays * 5]))
    assert sum(answers) == 40
    assert len(on_the_stream(connection)) == 1


def test_signals_stand_on_the_stream_in_the_order_of_their_announcement(connection):
    bus = RedisEventBus(connection)
    for some in (range(12), range(9, 20)):
        messages = [a_message(f'{{"id":"{one}"}}', message_id=str(one)) for one in some]
        assert announced(bus, *messages) == len(some)
    assert [entry["data"] for entry in on_the_stream(connection)] == [
        f'{{"id":"{number}"}}' for number in range(20)
    ]


def test_a_group_made_later_reads_what_was_announced_before(connection):
    announced(RedisEventBus(connection))
    with connection.client() as client:
        client.xgroup_create("signals:stream", "execution", id="0", mkstream=True)
        [[_, entries]] = client.xreadgroup("execution", "worker", {"signals:stream": ">"})
    assert [fields["data"] for _, fields in entries] == [DOCUMENT]


def test_the_memory_of_what_was_announced_does_not_grow_for_ever(connection):
    announced(RedisEventBus(connection))
    with connection.client() as client:
        assert 0 < client.ttl("signals:announced:1") <= 30 * 24 * 3600


def test_an_unreachable_bus_announces_nothing_and_says_so(nobody_answers):
    with pytest.raises(StoreUnavailable):
        announced(RedisEventBus(nobody_answers))


def test_an_event_goes_to_its_channel_once_and_on_no_stream(connection):
    bus = RedisEventBus(connection)
    with connection.client() as client, closing(client.pubsub()) as listener:
        listener.subscribe("orders")
        assert listener.get_message(timeout=60)["type"] == "subscribe"
        first = a_message("{}", channel="orders")
        assert announced(bus, first, first) == 2
        assert announced(bus, first, a_message('{"next":1}', channel="orders", message_id="2")) == 2
        heard = [listener.get_message(timeout=60)["data"] for _ in range(2)]
    assert heard == ["{}", '{"next":1}']
    assert on_the_stream(connection) == []


def test_ids_of_one_channel_are_none_of_another(connection):
    bus = RedisEventBus(connection)
    with connection.client() as client, closing(client.pubsub()) as listener:
        listener.subscribe("orders", "risk")
        assert {listener.get_message(timeout=60)["type"] for _ in range(2)} == {"subscribe"}
        announced(bus, *(a_message("{}", channel=channel) for channel in ("orders", "risk")))
        heard = [listener.get_message(timeout=60)["channel"] for _ in range(2)]
    assert heard == ["orders", "risk"]


def test_what_is_refused_holds_back_all_behind_it(connection):
    bus = RedisEventBus(connection)
    orders = [a_message("{}", channel="orders", message_id=str(number)) for number in range(3)]
    with connection.client() as client:
        client.set("signals:stream", "no stream")
        assert announced(bus, orders[0], orders[1], a_message(), orders[2]) == 2
        assert client.exists("orders:announced:1", "orders:announced:2") == 1
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            announced(bus, a_message(), orders[2])
        client.delete("signals:stream")
    assert announced(bus, a_message(), orders[2]) == 2
    assert len(on_the_stream(connection)) == 1
