import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection


@pytest.fixture
def connection(redis_url):
    connection = RedisConnection(redis_url)
    yield connection
    connection.close()


@pytest.fixture
def impatient(redis_url):
    """A connection that waits a fifth of a second for an answer."""
    connection = RedisConnection(redis_url, patience_seconds=0.2)
    yield connection
    connection.close()


@pytest.fixture
def nobody_answers(tmp_path):
    connection = RedisConnection(f"unix://{tmp_path}/nobody.sock")
    yield connection
    connection.close()


@pytest.fixture
def hang(connection):
    """Let the server accept whatever it is asked, and answer nothing, for so long."""

    def hang(seconds):
        with connection.client() as client:
            client.client_pause(int(1000 * seconds))

    yield hang
    # Asked behind the pause: who comes next finds it over.
    connection.ping()
