"""Troubles told once, whoever finds them again, and told to be over."""

from datetime import timedelta

import pytest

from alpha_oracle.bootstrap.telling import Teller
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk import watchdogs
from alpha_oracle.risk.watchdogs import Trouble
from tests.fakes.clock import FixedClock
from tests.fakes.watchdogs import InMemoryWatchRecord

FEED = "feed"


class World:
    """A teller whose record may not be there, and what a person was told without it."""

    def __init__(self):
        self.clock = FixedClock()
        self.record = InMemoryWatchRecord()
        self.is_recordable = True
        self.is_heard = True
        self.said = []
        self.steady_seconds = 0.0
        self.teller = self.restarted()

    def restarted(self):
        return Teller(
            self.record,
            self.clock,
            is_recordable=lambda: self.is_recordable,
            say=self.say,
            tick=lambda: self.clock.now().timestamp(),
            steady_seconds=self.steady_seconds,
        )

    def say(self, alert):
        if self.is_heard:
            self.said.append((alert.type, alert.subject))
        return self.is_heard

    def trouble(self, occurrence=""):
        away = timedelta(minutes=2)
        found = watchdogs.absent_part(FEED, away=away, now=self.clock.now())
        return Trouble(alert=found.alert, occurrence=occurrence)


@pytest.fixture
def world():
    return World()


DOWN, WELL = ("process_down", FEED), ("well_again", FEED)


def test_a_trouble_is_told_once_while_it_lasts_and_once_when_it_is_over(world):
    for trouble in (world.trouble(), world.trouble(), None, None):
        world.clock.advance(minutes=1)
        world.teller.note(FEED, trouble)
    assert world.record.alerts == [DOWN, WELL]
    assert world.said == []


def test_what_comes_back_and_dies_again_and_again_is_one_trouble(world):
    world.steady_seconds = 60.0
    world.teller = world.restarted()
    for _ in range(20):
        world.teller.note(FEED, world.trouble())
        world.clock.advance(seconds=5)
        world.teller.note(FEED, None)
        world.clock.advance(seconds=60)
    assert world.record.alerts == [DOWN]
    for _ in range(3):
        world.teller.note(FEED, None)
        world.clock.advance(seconds=30)
    assert world.record.alerts == [DOWN, WELL]


def test_what_is_well_and_always_was_is_nothing_to_tell(world):
    world.teller.note(FEED, None)
    assert world.record.alerts == []


def test_the_next_trouble_of_a_subject_is_news_again(world):
    for is_down in (True, False, True, False):
        world.clock.advance(minutes=1)
        world.teller.note(FEED, world.trouble() if is_down else None)
    assert world.record.alerts == [DOWN, WELL, DOWN, WELL]


def test_a_watch_that_starts_anew_neither_repeats_nor_forgets(world):
    world.teller.note(FEED, world.trouble())
    world.clock.advance(minutes=5)
    world.teller = world.restarted()
    world.teller.note(FEED, world.trouble())
    assert world.record.alerts == [DOWN]
    world.teller = world.restarted()
    world.teller.note(FEED, None)
    assert world.record.alerts == [DOWN, WELL]


def test_another_occurrence_is_news_although_the_first_is_not_over(world):
    for occurrence in ("2016-06-01", "2016-06-01", "2016-06-02", "2016-06-02"):
        world.teller.note(FEED, world.trouble(occurrence))
    assert list(world.record.told) == [
        (FEED, "2016-06-01", "told"),
        (FEED, "2016-06-02", "told"),
    ]


def test_without_a_record_a_person_is_told_at_once_and_once(world):
    world.is_recordable = False
    for trouble in (world.trouble(), world.trouble(), None, None):
        world.teller.note(FEED, trouble)
    assert world.said == [DOWN, WELL]
    assert world.record.alerts == []


def test_what_was_not_delivered_is_tried_again(world):
    world.is_recordable = world.is_heard = False
    world.teller.note(FEED, world.trouble())
    world.is_heard = True
    world.teller.note(FEED, world.trouble())
    world.is_heard = False
    world.teller.note(FEED, None)
    world.is_heard = True
    world.teller.note(FEED, None)
    assert world.said == [DOWN, WELL]


def test_another_occurrence_is_said_too(world):
    world.is_recordable = False
    for occurrence in ("1", "1", "2"):
        world.teller.note(FEED, world.trouble(occurrence))
    assert world.said == [DOWN, DOWN]


def test_a_trouble_that_outlasts_the_missing_record_is_put_on_it(world):
    world.is_recordable = False
    world.teller.note(FEED, world.trouble())
    world.is_recordable = True
    world.teller.note(FEED, world.trouble())
    world.teller.note(FEED, None)
    assert (world.said, world.record.alerts) == ([DOWN], [DOWN, WELL])


def test_a_trouble_that_was_only_said_is_over_on_record(world):
    world.is_recordable = False
    world.teller.note(FEED, world.trouble())
    world.is_recordable = True
    world.teller.note(FEED, None)
    world.teller.note(FEED, None)
    assert (world.said, world.record.alerts) == ([DOWN], [WELL])


def test_what_the_record_refuses_is_told_with_the_next_look(world):
    world.record.is_away = True
    with pytest.raises(StoreUnavailable):
        world.teller.note(FEED, world.trouble())
    world.record.is_away = False
    world.teller.note(FEED, world.trouble())
    assert world.record.alerts == [DOWN]
    world.record.is_away = True
    with pytest.raises(StoreUnavailable):
        world.teller.note(FEED, None)
    world.record.is_away = False
    world.teller.note(FEED, None)
    assert world.record.alerts == [DOWN, WELL]
