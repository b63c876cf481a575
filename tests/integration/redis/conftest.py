import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection


@pytest.fixture
def connection(redis_url):
    connection = RedisConnection(redis_url)
    yield connection
    connection.close()


@pytest.fixture
def nobody_answers(tmp_path):
    connection = RedisConnection(f"unix://{tmp_path}/nobody.sock")
    yield connection
    connection.close()
