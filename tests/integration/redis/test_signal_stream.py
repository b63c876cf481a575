from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.adapters.redis.signal_stream import RedisSignalStream
from alpha_oracle.errors import StoreUnavailable

STREAM = "signals:stream"


@pytest.fixture
def stream(connection):
    with closing(RedisSignalStream(connection, consumer="worker-paper")) as stream:
        yield stream


def another(connection, consumer="worker-paper"):
    return RedisSignalStream(connection, consumer=consumer)


def announce(connection, name):
    assert RedisEventBus(connection).announce(name, channel="signals", message_id=name)


def add(connection, **fields):
    with connection.client() as client:
        return client.xadd(STREAM, fields)


def read(stream, wait_seconds=0.0):
    return stream.read(wait_seconds=wait_seconds)


def documents(deliveries, source=STREAM):
    return [one.document for one in deliveries if one.source == source]


def test_what_was_announced_before_anyone_read_is_delivered(connection, stream):
    for name in ("one", "two"):
        announce(connection, name)
    assert documents(read(stream)) == ["one", "two"]
    assert read(stream) == []


def test_what_was_not_acknowledged_comes_first_after_a_restart(connection, stream):
    announce(connection, "one")
    announce(connection, "two")
    first, second = read(stream)
    stream.acknowledge([first])
    announce(connection, "three")
    assert documents(read(another(connection))) == ["two", "three"]
    stream.acknowledge([second])
    assert documents(read(another(connection))) == ["three"]


def test_many_left_over_come_all(connection, stream):
    for number in range(250):
        add(connection, data=str(number))
    seen = [one for _ in range(3) for one in documents(read(stream))]
    assert seen == [str(number) for number in range(250)]
    assert documents(read(another(connection))) == seen


def test_the_channel_wakes_who_waits(connection, stream):
    read(stream)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(read, stream, 20.0)
        with connection.client() as client:
            while not client.publish("signals", "heard"):
                pass
        found = waiting.result(timeout=15)
    assert documents(found, "signals")[0] == "heard"
    assert all(one.entry_id is None for one in found)


def test_a_signal_announced_while_we_listen_comes_both_ways(connection, stream):
    read(stream)
    announce(connection, "one")
    found = [*read(stream, 5.0), *read(stream)]
    assert documents(found) == documents(found, "signals") == ["one"]


def test_waiting_ends(stream):
    assert read(stream, 0.05) == []


def test_a_flushed_redis_is_read_on(connection, stream):
    announce(connection, "one")
    read(stream)
    with connection.client() as client:
        client.flushdb()
    announce(connection, "two")
    assert documents(read(stream)) == ["two"]


def test_a_lost_connection_is_made_anew_and_listens_again(connection, stream):
    read(stream)
    with connection.client() as client:
        client.client_kill_filter(_type="pubsub")
        client.client_kill_filter(_type="normal", skipme=False)
    for _ in range(3):
        try:
            read(stream)
        except StoreUnavailable:
            continue
    with connection.client() as client:
        assert client.publish("signals", "heard") == 1
    assert documents(read(stream, 5.0), "signals") == ["heard"]


def test_what_another_consumer_left_lying_is_claimed(connection, stream):
    announce(connection, "one")
    (entry,) = read(another(connection, "worker-dead"))
    assert read(stream) == []
    with connection.client() as client:
        client.execute_command(
            "XCLAIM", STREAM, "execution", "worker-dead", 0, entry.entry_id, "IDLE", 120_001
        )
    assert documents(read(stream)) == ["one"]
    stream.acknowledge([entry])
    assert read(another(connection)) == []


@pytest.mark.parametrize("is_deleted", [False, True], ids=["other fields", "deleted"])
def test_an_entry_that_is_no_document_is_told_as_none(connection, stream, is_deleted):
    entry_id = add(connection, text="hello")
    if is_deleted:
        read(stream)
        with connection.client() as client:
            client.xdel(STREAM, entry_id)
        stream = another(connection)
    (found,) = read(stream)
    assert found.entry_id == entry_id
    assert found.document.startswith("an entry without data")


def test_bytes_that_are_no_text_end_no_reading(connection, stream):
    read(stream)
    with connection.client() as client:
        client.xadd(STREAM, {"data": b"\xff\xfe"})
        client.publish("signals", b"\xff")
    announce(connection, "one")
    found = [*read(stream), *read(stream, 1.0)]
    assert documents(found)[1:] == ["one"]
    assert documents(found, "signals")[1:] == ["one"]


def test_two_consumers_share_what_comes(connection, stream):
    announce(connection, "one")
    assert documents(read(stream)) == ["one"]
    assert documents(read(another(connection, "worker-live"))) == []


def test_acknowledging_nothing_asks_nobody(nobody_answers):
    another(nobody_answers).acknowledge([])


def test_an_unreachable_stream_says_so(nobody_answers):
    with pytest.raises(StoreUnavailable):
        read(another(nobody_answers))
