"""What the spool does beyond the contract: size, compression, many at once."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.answers import PostgresAnswerSpool

ACCOUNT = "alpha_vantage:0123456789abcdef"
MIB = 1024**2


@pytest.fixture
def answers(database):
    return PostgresAnswerSpool(database)


def age(database, days):
    with database.begin() as connection:
        connection.execute(
            text("UPDATE vendor_answers SET received_at = received_at - :days * INTERVAL '1 day'"),
            {"days": days},
        )


def test_a_body_of_32_mib_comes_back_whole(answers):
    body = os.urandom(8 * MIB) * 4
    answers.keep(ACCOUNT, "AAPL", body)
    assert answers.kept(ACCOUNT, ["AAPL"])["AAPL"].body == body


def test_bodies_lie_compressed(answers, rows):
    answers.keep(ACCOUNT, "AAPL", b'{"4. close": "105.35"}' * 50_000)
    [(size,)] = rows("SELECT octet_length(body) FROM vendor_answers")
    assert size < 10_000


def test_five_hundred_answers_come_at_once(answers):
    requests = [f"DAILY full S{number:03d}" for number in range(500)]
    for request in requests:
        answers.keep(ACCOUNT, request, request.encode() * 100)
    kept = answers.kept(ACCOUNT, requests)
    assert {request: answer.body for request, answer in kept.items()} == {
        request: request.encode() * 100 for request in requests
    }


def test_old_answers_leave_the_table_when_a_new_one_comes(answers, database, rows):
    answers.keep(ACCOUNT, "AAPL", b"old")
    age(database, 3)
    answers.keep(ACCOUNT, "MSFT", b"new")
    assert rows("SELECT request FROM vendor_answers") == [("MSFT",)]


def test_an_old_answer_given_anew_stays(answers, database):
    answers.keep(ACCOUNT, "AAPL", b"old")
    age(database, 3)
    answers.keep(ACCOUNT, "AAPL", b"new")
    assert answers.kept(ACCOUNT, ["AAPL"])["AAPL"].body == b"new"


def test_many_may_keep_and_purge_at_once(answers, database, rows):
    requests = [f"S{number % 20}" for number in range(200)]
    for request in requests[:20]:
        answers.keep(ACCOUNT, request, b"old")
    age(database, 3)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda request: answers.keep(ACCOUNT, request, b"new"), requests))
    assert rows("SELECT count(*) FROM vendor_answers") == [(20,)]
    assert {answer.body for answer in answers.kept(ACCOUNT, requests).values()} == {b"new"}
