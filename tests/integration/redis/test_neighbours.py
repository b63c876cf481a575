from contextlib import closing

import pytest
import redis

from alpha_oracle.adapters.redis.neighbours import databases_with_signals
from tests.conftest import with_redis_database


@pytest.fixture
def other(redis_url, worker):
    """A client of another database of the server."""
    number = (worker + 8) % 16
    with closing(redis.Redis.from_url(with_redis_database(redis_url, number))) as client:
        client.flushdb()
        yield number, client
        client.flushdb()


def test_a_database_alone_has_no_neighbours(connection, other):
    with connection.client() as client:
        client.xadd("signals:stream", {"data": "ours"})
    assert databases_with_signals(connection) == []


def test_signals_in_another_database_of_the_server_are_found(connection, other):
    number, client = other
    client.set("something", "else")
    assert databases_with_signals(connection) == []
    client.xadd("signals:stream", {"data": "theirs"})
    assert databases_with_signals(connection) == [number]
    with connection.client() as client:
        assert client.exists("signals:stream") == 0
