"""Whose token it is, and how patient the API is with tokens that are nobody's."""

import hashlib

import pytest

from alpha_oracle.entrypoints.api.access import (
    FAILURE_SECONDS,
    MOST_ADDRESSES,
    MOST_FAILURES,
    Access,
    Role,
    Token,
)
from alpha_oracle.entrypoints.api.problems import Problem

TOKEN = "a-token-of-thirty-two-characters"
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def access(now):
    return Access([Token(sha256=DIGEST, role=Role.VIEWER)], elapsed=lambda: now[0])


def status(access, token, address="10.0.0.1"):
    with pytest.raises(Problem) as refused:
        access.caller(token, address=address)
    return refused.value.status


def test_a_token_tells_role_and_a_name_that_does_not_betray_it(access):
    caller = access.caller(TOKEN, address="10.0.0.1")
    assert caller.role is Role.VIEWER
    assert caller.name == f"api:{DIGEST[:8]}"


@pytest.mark.parametrize("token", [None, "", TOKEN[:-1], TOKEN + "x", DIGEST, "ä"])
def test_anything_else_is_nobodys(access, token):
    assert status(access, token) == 401


def test_an_address_that_guesses_waits_and_another_does_not(access, now):
    for _ in range(MOST_FAILURES):
        assert status(access, "wrong") == 401
    assert status(access, "wrong") == 429
    assert status(access, "wrong", address="10.0.0.2") == 401
    now[0] += FAILURE_SECONDS
    assert status(access, "wrong") == 401
    assert status(access, "wrong") == 429


def test_guessing_on_while_told_to_wait_does_not_prolong_it(access, now):
    for _ in range(MOST_FAILURES):
        status(access, "wrong")
    for _ in range(3):
        now[0] += FAILURE_SECONDS / 4
        assert status(access, "wrong") == 429
    now[0] += FAILURE_SECONDS / 4
    assert status(access, "wrong") == 401


def test_who_was_silent_for_long_may_err_as_often_as_a_stranger(access, now):
    for _ in range(2):
        for _ in range(MOST_FAILURES):
            assert status(access, "wrong") == 401
        assert status(access, "wrong") == 429
        now[0] += MOST_FAILURES * FAILURE_SECONDS


def test_a_request_without_a_token_guesses_nothing(access):
    for _ in range(MOST_FAILURES + 1):
        assert status(access, None) == 401
    assert status(access, "wrong") == 401


def test_the_right_token_passes_from_an_address_that_was_slowed_down(access):
    for _ in range(MOST_FAILURES + 1):
        status(access, "wrong")
    assert access.caller(TOKEN, address="10.0.0.1").role is Role.VIEWER


def test_addresses_are_remembered_within_bounds(access):
    for number in range(MOST_ADDRESSES + 10):
        status(access, "wrong", address=str(number))
    assert len(access._paid_off_at) == MOST_ADDRESSES
