from time import monotonic

import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection, redacted
from alpha_oracle.errors import ConfigurationError, StoreUnavailable


def test_a_server_that_runs_answers(connection):
    connection.ping()


def test_a_server_that_does_not_run_is_unavailable_and_named(nobody_answers, tmp_path):
    with pytest.raises(StoreUnavailable, match=f"{tmp_path}/nobody.sock failed .*mend redis.url"):
        nobody_answers.ping()


def test_a_refused_command_tells_what_the_server_answered(connection):
    with connection.client() as client:
        client.set("word", "text")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"), connection.client() as client:
        client.smembers("word")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("localhost:6379", id="no scheme"),
        pytest.param("http://user:hush@localhost:6379", id="another scheme"),
        pytest.param("redis://user:hush/hush@localhost:6379", id="a slash in the password"),
    ],
)
def test_an_unreadable_url_is_refused_without_its_password(url):
    with pytest.raises(ConfigurationError, match=r"redis\.url") as refused:
        RedisConnection(url)
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:hush@redis.example:6380/2?ssl=hush", "redis://redis.example:6380/2"),
        ("redis://:hush@redis.example", "redis://redis.example"),
        ("redis://user:hush?hush@redis.example", "..."),
        ("unix:///run/redis.sock?password=hush@hush", "..."),
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock"),
        ("unix://:hush@/run/redis.sock?db=1&password=hush", "unix:///run/redis.sock"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert redacted(url) == shown


def test_who_gets_no_answer_waits_once_and_not_again_at_once(impatient, hang):
    impatient.ping()
    hang(2)
    started = monotonic()
    for _ in range(20):
        with pytest.raises(StoreUnavailable, match="failed"):
            impatient.ping()
    assert monotonic() - started < 1


def test_a_server_that_answers_again_is_asked_again(impatient, hang):
    hang(0.5)
    with pytest.raises(StoreUnavailable):
        impatient.ping()
    until = monotonic() + 10
    while monotonic() < until:
        try:
            return impatient.ping()
        except StoreUnavailable:
            continue
    pytest.fail("never asked again")
