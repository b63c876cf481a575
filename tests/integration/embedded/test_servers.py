from contextlib import closing

import psycopg2
import pytest
import redis

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis


@pytest.fixture(scope="module")
def postgres_answers(tmp_path_factory):
    home = tmp_path_factory.mktemp("servers")
    with (
        embedded_postgres(home).attached() as url,
        closing(psycopg2.connect(url)) as connection,
        connection.cursor() as cursor,
    ):

        def answer(question):
            cursor.execute(question)
            return cursor.fetchone()[0]

        yield answer


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("shared_buffers", "256MB"),
        ("max_wal_size", "2GB"),
        ("max_connections", "100"),
        ("max_parallel_maintenance_workers", "2"),
        ("jit", "off"),
        ("timezone", "UTC"),
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
    ],
)
def test_postgres_is_set_up_for_one_machine(postgres_answers, setting, value):
    assert postgres_answers(f"SHOW {setting}") == value


def test_postgres_sorts_texts_as_python_does(postgres_answers):
    words = ["brk.b", "BRK.B", "AAPL", "Ä", "a", "Z", "10", "9", "_"]
    listed = ", ".join(f"('{word}')" for word in words)
    ordered = postgres_answers(f"SELECT array_agg(w ORDER BY w) FROM (VALUES {listed}) AS v(w)")
    assert ordered == sorted(words)


def test_settings_of_the_caller_stand_over_the_usual_ones(tmp_path):
    with (
        embedded_postgres(tmp_path, settings={"fsync": "off"}).attached() as url,
        closing(psycopg2.connect(url)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SHOW fsync")
        assert cursor.fetchone() == ("off",)


def test_redis_keeps_what_it_is_told_and_listens_on_its_socket_alone(tmp_path):
    wanted = {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "port": "0",
        "save": "",
    }
    with (
        embedded_redis(tmp_path).attached() as url,
        closing(redis.Redis.from_url(url, decode_responses=True)) as client,
    ):
        assert {key: client.config_get(key)[key] for key in wanted} == wanted
