"""Who may ask, and how often those who may not are heard."""

import pytest

from alpha_oracle.entrypoints.telegram.doorman import (
    MOST_ENTRIES,
    MOST_ENTRIES_OF_ALL,
    Doorman,
    Refusals,
)
from alpha_oracle.entrypoints.telegram.updates import Place

OURS = Place(chat_id=-100, username="desk")


class Elapsed:
    """Seconds since some beginning, moved by hand."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def elapsed():
    return Elapsed()


@pytest.fixture
def refusals(elapsed):
    return Refusals(elapsed)


@pytest.mark.parametrize("chat", ["-100", "@desk", "@Desk"])
def test_listed_people_may_ask_in_the_chat_and_nowhere_else(chat):
    doorman = Doorman(chat=chat, operators=frozenset({42}))
    assert doorman.admits(42, OURS)
    assert not doorman.admits(43, OURS)
    assert not doorman.admits(None, OURS)
    assert not doorman.admits(42, Place(chat_id=42))
    assert not doorman.admits(42, Place(chat_id=-1001, username="desk2"))


def test_where_nobody_is_listed_nobody_may():
    doorman = Doorman(chat="-100", operators=frozenset())
    assert not doorman.admits(42, OURS)
    assert not doorman.admits(None, OURS)


def test_a_person_is_answered_once_a_minute(refusals, elapsed):
    assert [refusals.another(1).is_answered for _ in range(3)] == [True, False, False]
    assert refusals.another(2).is_answered
    elapsed.seconds = 59.9
    assert not refusals.another(1).is_answered
    elapsed.seconds = 60.1
    assert refusals.another(1).is_answered


def test_who_insists_is_written_down_so_often_and_then_counted(refusals, elapsed):
    written = [refusals.another(1).is_written for _ in range(MOST_ENTRIES + 5)]
    assert written == [True] * MOST_ENTRIES + [False] * 5
    elapsed.seconds = 61.0
    again = refusals.another(1)
    assert again.is_written
    assert again.unwritten == 5
    assert refusals.another(1).unwritten == 0
    assert refusals.count == MOST_ENTRIES + 7


def test_many_people_fill_the_record_no_faster(refusals):
    found = [refusals.another(person) for person in range(MOST_ENTRIES_OF_ALL + 3)]
    assert sum(one.is_written for one in found) == MOST_ENTRIES_OF_ALL
    assert not found[-1].is_answered
