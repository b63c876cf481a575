from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import monotonic

import pytest
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost

from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.adapters.redis.signal_stream import RedisSignalStream
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.events import Announcement

STREAM = "signals:stream"


@pytest.fixture
def stream(connection):
    with closing(RedisSignalStream(connection, consumer="worker-paper")) as stream:
        yield stream


def another(connection, consumer="worker-paper"):
    return RedisSignalStream(connection, consumer=consumer)


def announce(connection, name):
    message = Announcement(channel="signals", message_id=name, document=name)
    assert RedisEventBus(connection).announce([message]) == 1


def add(connection, **fields):
    with connection.client() as client:
        return client.xadd(STREAM, fields)


def read(stream, wait_seconds=0.0):
    return stream.read(wait_seconds=wait_seconds)


def read_all(stream, count):
    """So many deliveries, however many readings they take; fewer where no more come."""
    found = []
    while len(found) < count and (more := read(stream, 60.0)):
        found += more
    return found


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


def test_many_left_over_come_all_and_no_more_than_a_batch_at_once(connection, stream):
    for number in range(250):
        add(connection, data=str(number))
    seen = [documents(read(stream)) for _ in range(3)]
    assert [len(batch) for batch in seen] == [100, 100, 50]
    assert [one for batch in seen for one in batch] == [str(number) for number in range(250)]
    with closing(another(connection)) as restarted:
        assert [documents(read(restarted)) for _ in range(3)] == seen


def is_blocked(connection):
    """Whether somebody waits for an entry of the stream."""
    with connection.client() as client:
        return client.info("clients")["blocked_clients"] > 0


def woken_by(connection, stream, act):
    """What a reader is given that waits for long when something happens."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(read, stream, 120.0)
        while not is_blocked(connection):
            pass
        act()
        return waiting.result(timeout=60)


def test_a_bare_publication_wakes_who_waits(connection, stream):
    def publish():
        with connection.client() as client:
            assert client.publish("signals", "heard") == 1

    (found,) = woken_by(connection, stream, publish)
    assert (found.document, found.source, found.entry_id) == ("heard", "signals", None)


def test_a_bare_entry_wakes_who_waits(connection, stream):
    (found,) = woken_by(connection, stream, lambda: add(connection, data="one"))
    assert (found.document, found.source) == ("one", STREAM)


def test_an_entry_of_a_moment_between_two_readings_is_given_by_the_next(connection, stream):
    read(stream, 0.01)
    add(connection, data="one")
    assert documents(read(stream)) == ["one"]
    add(connection, data="two")
    assert documents(read(stream, 60.0)) == ["two"]


def test_a_stream_deleted_under_who_waits_is_read_on(connection, stream):
    def delete():
        with connection.client() as client:
            client.delete(STREAM)
        add(connection, data="one")

    assert documents(woken_by(connection, stream, delete)) == ["one"]
    assert read(stream, 0.05) == []


def test_what_was_not_acknowledged_comes_again_after_a_failure(connection, stream):
    announce(connection, "one")
    assert documents(read(stream)) == ["one"]
    with connection.client() as client:
        client.rename(STREAM, "kept")
        client.set(STREAM, "no stream")
    with pytest.raises(StoreUnavailable):
        read(stream)
    with connection.client() as client:
        client.rename("kept", STREAM)
    assert documents(read(stream)) == ["one"]


def test_an_answer_that_was_lost_comes_again_at_once(connection, stream, monkeypatch):
    read(stream)
    announce(connection, "one")
    answered = AbstractConnection.read_response

    def lost(self, *given, **how):
        told = answered(self, *given, **how)
        if "one" in str(told):
            monkeypatch.undo()
            self.disconnect()
            raise ConnectionLost("once it was answered")
        return told

    monkeypatch.setattr(AbstractConnection, "read_response", lost)
    with pytest.raises(StoreUnavailable):
        read(stream)
    assert documents(read(stream)) == ["one"]


def test_a_signal_announced_while_we_listen_comes_both_ways(connection, stream):
    read(stream)
    announce(connection, "one")
    found = read_all(stream, 2)
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
    assert documents(read(stream, 60.0), "signals") == ["heard"]


def test_what_another_consumer_left_lying_is_claimed(connection, stream):
    announce(connection, "one")
    (entry,) = read(another(connection, "worker-dead"))
    assert read(stream) == []
    with connection.client() as client:
        client.execute_command(
            "XCLAIM", STREAM, "execution", "worker-dead", 0, entry.entry_id, "IDLE", 120_001
        )
    until = monotonic() + 60
    while not (found := documents(read(stream))) and monotonic() < until:
        pass
    assert found == ["one"]
    stream.acknowledge([entry])
    assert read(another(connection)) == []


@pytest.mark.parametrize("protocol", [2, 3])
def test_entries_come_by_either_protocol(redis_url, protocol):
    apart = "&" if "?" in redis_url else "?"
    with closing(RedisConnection(f"{redis_url}{apart}protocol={protocol}")) as connection:
        add(connection, data="one")
        assert documents(read(another(connection))) == ["one"]
        waiting = another(connection)
        assert documents(read(waiting)) == ["one"]
        assert read(waiting, wait_seconds=0.01) == []
        add(connection, data="two")
        assert documents(read(waiting, wait_seconds=60.0)) == ["two"]


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
    found = read_all(stream, 4)
    assert documents(found)[1:] == ["one"]
    assert documents(found, "signals")[1:] == ["one"]


def test_two_consumers_share_what_comes(connection, stream):
    announce(connection, "one")
    assert documents(read(stream)) == ["one"]
    assert documents(read(another(connection, "worker-live"))) == []


def test_a_server_that_hangs_holds_nobody_up(impatient, hang):
    with closing(another(impatient)) as stream:
        read(stream, 0.01)
        hang(6)
        started = monotonic()
        with pytest.raises(StoreUnavailable):
            read(stream, 0.1)
        assert monotonic() - started < 5


def test_acknowledging_nothing_asks_nobody(nobody_answers):
    another(nobody_answers).acknowledge([])


def test_an_unreachable_stream_says_so(nobody_answers):
    with pytest.raises(StoreUnavailable):
        read(another(nobody_answers))
