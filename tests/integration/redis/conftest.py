import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection


@pytest.fixture
def connection(redis_url):
    connection = RedisConnection(redis_url)
    yield connection
    connection.close()


@pytest.fixture
def impatient(redis_url):
    """A connection that waits a second for an answer."""
    connection = RedisConnection(redis_url, patience_seconds=1.0)
    yield connection
    connection.close()


@pytest.fixture
def nobody_answers(tmp_path):
    connection = RedisConnection(f"unix://{tmp_path}/nobody.sock")
    yield connection
    connection.close()


@pytest.fixture
def hang(redis_url):
    """Let the server accept whatever it is asked, and answer nothing, for so long."""
    connection = RedisConnection(redis_url, patience_seconds=60.0)

    def hang(seconds):
        with connection.client() as client:
            client.client_pause(int(1000 * seconds))

    yield hang
    # Asked behind the pause: who comes next finds it over.
    connection.ping()
    connection.close()
