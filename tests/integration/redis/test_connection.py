from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import monotonic

import pytest
from redis.exceptions import ResponseError

from alpha_oracle.adapters.redis.connection import RedisConnection, redacted
from alpha_oracle.adapters.redis.kept_connection import packed
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
    hang(6)
    started = monotonic()
    for _ in range(20):
        with pytest.raises(StoreUnavailable, match="failed"):
            impatient.ping()
    assert monotonic() - started < 5


def test_a_server_that_answers_again_is_asked_again(impatient, hang):
    hang(3)
    with pytest.raises(StoreUnavailable):
        impatient.ping()
    until = monotonic() + 60
    while monotonic() < until:
        try:
            return impatient.ping()
        except StoreUnavailable:
            continue
    pytest.fail("never asked again")


def test_several_commands_are_answered_in_their_order_and_a_refusal_in_its_place(connection):
    set_, refused, read = connection.ask(
        packed("SET", "word", "text"), packed("HGET", "word", "x"), packed("GET", "word")
    )
    assert set_
    assert isinstance(refused, ResponseError)
    assert read == "text"


def test_what_is_no_text_stays_bytes_where_it_is_asked_for(connection):
    with connection.client() as client:
        client.set("word", b"\xff")
    assert connection.ask(packed("GET", "word"), is_text=False) == [b"\xff"]
    assert connection.answer("GET", "word") == "\N{REPLACEMENT CHARACTER}"


def test_a_refusal_of_the_one_command_is_a_failure_that_tells_it(connection):
    connection.answer("SET", "word", "text")
    with pytest.raises(StoreUnavailable, match=r"WRONGTYPE.*mend redis.url"):
        connection.answer("HGET", "word", "x")


def test_a_question_is_asked_again_where_its_connection_was_lost(connection):
    connection.answer("SET", "word", "text")
    with connection.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert connection.answer("GET", "word") == "text"


def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one(impatient, redis_url, hang):
    impatient.answer("SET", "late", "old")
    hang(3)
    with pytest.raises(StoreUnavailable):
        impatient.answer("GET", "late")
    with closing(RedisConnection(redis_url, patience_seconds=60.0)) as patient:
        patient.answer("SET", "word", "text")
    until = monotonic() + 60
    while monotonic() < until:
        try:
            assert impatient.answer("GET", "word") == "text"
        except StoreUnavailable:
            continue
        return
    pytest.fail("never asked again")


def test_threads_that_ask_at_once_are_each_given_their_own_answers(connection):
    def ask(number):
        return connection.answer("ECHO", str(number))

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(ask, range(200)))
    assert told == [str(number) for number in range(200)]


def test_who_asks_at_once_while_no_answer_comes_waits_no_longer_than_one(impatient, hang):
    def ask(_):
        with pytest.raises(StoreUnavailable):
            impatient.answer("ECHO", "word")

    impatient.ping()
    hang(6)
    started = monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert monotonic() - started < 5


def test_a_closed_connection_holds_none_to_the_server(connection, redis_url):
    def held():
        with connection.client() as client:
            return {int(one["id"]) for one in client.client_list()}

    before = held()
    other = RedisConnection(redis_url)
    number = other.answer("CLIENT", "ID")
    assert held() - before == {number}
    other.close()
    until = monotonic() + 60
    while number in held():
        assert monotonic() < until, "it still holds one"
