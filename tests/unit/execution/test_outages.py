"""What is out of reach for long is told, at hours when that matters."""

from datetime import timedelta

import pytest

from alpha_oracle import calendar
from alpha_oracle.bootstrap.watchdogs import POSTGRES, REDIS
from alpha_oracle.execution.outages import BUS, STORE, Outages
from alpha_oracle.risk.alert_texts import notice_of
from alpha_oracle.risk.watchdogs import absent_store
from tests.unit.execution.trading_day import SESSION, TradingDay

OPEN = calendar.session_open(SESSION)
CLOSE = calendar.session_close(SESSION)


def told(day):
    """The alerts of something away: what, and for how many seconds."""
    return [
        (one["type"], one["value"])
        for one in day.memory.announced("risk")
        if one["event"] == "risk:alert" and one["type"].endswith("_away")
    ]


def worked(day, begins, *, seconds, every=5):
    """Let the worker look for so long."""
    day.clock.set(begins)
    for _ in range(0, seconds + 1, every):
        day.quote_all()
        day.engine.step()
        day.clock.advance(seconds=every)


@pytest.mark.parametrize(("what", "name"), [(STORE, POSTGRES), (BUS, REDIS)])
def test_a_store_that_worker_and_watch_miss_is_one_piece_of_news(what, name):
    outages = Outages()
    for at in (OPEN, OPEN + timedelta(seconds=31)):
        outages.note(what, is_away=True, at=at)
    missed = absent_store(name, what, away=timedelta(seconds=31), now=OPEN)
    keys = [notice_of(one.document()).key for one in (outages.untold[what], missed.alert)]
    assert keys[0] == keys[1]


def test_a_broker_that_is_away_for_long_is_told_once_while_that_lasts():
    day = TradingDay(faults={"link_up_seconds": 1.0, "link_down_seconds": 10_000.0})
    worked(day, OPEN, seconds=20)
    assert told(day) == []
    worked(day, day.clock.now(), seconds=60)

    ((what, seconds),) = told(day)
    assert what == "broker_away"
    assert 30 <= seconds < 40
    assert day.alerts("high") == ["broker_away"]


def test_a_broker_that_is_away_at_night_is_told_after_the_open():
    day = TradingDay(faults={"link_up_seconds": 1.0, "link_down_seconds": 100_000.0})
    worked(day, OPEN - timedelta(hours=2), seconds=6_000, every=600)
    assert told(day) == []
    worked(day, OPEN, seconds=40)
    assert told(day) == [("broker_away", 30)]


def test_a_store_that_was_away_is_told_when_it_is_back():
    day = TradingDay()
    worked(day, OPEN, seconds=5)
    day.memory.is_away = True
    worked(day, day.clock.now(), seconds=45)
    day.memory.is_away = False
    worked(day, day.clock.now(), seconds=5)

    ((what, seconds),) = told(day)
    assert what == "store_away"
    assert seconds >= 45


def test_a_store_that_was_away_over_the_close_is_told_for_its_time_in_the_market():
    day = TradingDay()
    worked(day, CLOSE - timedelta(seconds=40), seconds=0)
    day.memory.is_away = True
    worked(day, CLOSE - timedelta(seconds=35), seconds=100)
    day.memory.is_away = False
    worked(day, day.clock.now(), seconds=0)
    assert told(day) == [("store_away", 35)]


@pytest.mark.parametrize("seconds", [5, 25])
def test_what_is_back_soon_is_nobodys_alarm(seconds):
    day = TradingDay()
    worked(day, OPEN, seconds=5)
    day.memory.is_away = True
    worked(day, day.clock.now(), seconds=seconds - 5)
    day.memory.is_away = False
    worked(day, day.clock.now(), seconds=60)
    assert told(day) == []


def test_a_bus_that_is_away_again_is_told_again():
    day = TradingDay()
    for begins in (OPEN, OPEN + timedelta(hours=1)):
        day.clock.set(begins)
        day.engine.outages.note(BUS, is_away=True, at=begins)
        day.clock.advance(seconds=31)
        day.engine.outages.note(BUS, is_away=True, at=day.clock.now())
        worked(day, day.clock.now(), seconds=5)
        day.engine.outages.note(BUS, is_away=False, at=day.clock.now())
    assert told(day) == [("bus_away", 31), ("bus_away", 31)]


def test_what_could_not_be_told_is_told_later():
    day = TradingDay()
    worked(day, OPEN, seconds=5)
    day.engine.outages.note(BUS, is_away=True, at=OPEN)
    day.engine.outages.note(BUS, is_away=True, at=OPEN + timedelta(seconds=40))
    day.memory.is_away = True
    worked(day, OPEN + timedelta(seconds=41), seconds=0)
    assert told(day) == []
    day.memory.is_away = False
    worked(day, OPEN + timedelta(seconds=46), seconds=0)
    assert told(day) == [("bus_away", 40)]
