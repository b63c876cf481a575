"""Which bars come, which requests they cost, and which answers are used again."""

import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Thread

import numpy as np
import pandas as pd
import pytest

from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.errors import BudgetSpent, NotPublished, SourceAway
from tests.builders import bars_of_closes
from tests.fakes.clock import FixedClock
from tests.fakes.requests import InMemoryAnswerSpool
from tests.integration.alpha_vantage.worlds import (
    AUGUST,
    BEFORE,
    FREE,
    SESSION,
    SPLIT_ON,
    START,
    SYMBOLS,
    a_market,
    a_world,
    sessions_of,
    symbols_of,
)
from tests.peers.alpha_vantage.server import ADJUSTED, PLAIN, Plan

MONDAY = date(2016, 2, 8)
PRESIDENTS_DAY = date(2016, 2, 15)
NEXT_SESSION = date(2016, 2, 16)
LAST_OF_FULL = date(2016, 3, 15)
FIRST_OF_COMPACT = date(2016, 3, 16)  # A hundred sessions to August 5.


def test_a_session_costs_one_request_a_symbol():
    with a_world() as world:
        received = world.fetch()
        assert symbols_of(received) == SYMBOLS
        assert sessions_of(received) == [SESSION]
        assert set(received.bars.close.tolist()) == {128.0}
        assert world.spent == world.peer.count() == len(SYMBOLS)


def test_symbols_are_asked_for_ascending_and_once():
    with a_world() as world:
        world.fetch("DDD", "AAA", "DDD", "BRK.B")
        assert [asked.symbol for asked in world.peer.requests] == ["AAA", "BRK-B", "DDD"]


def test_prices_come_as_traded_with_the_split_of_the_range():
    with a_world() as world:
        received = world.fetch("AAA", start=MONDAY, end=SESSION)
        [split] = received.actions
        assert received.bars.close.tolist() == [124.0, 125.0, 126.0, 127.0, 128.0]
        assert (split.kind, split.ex_date, split.value) == (ActionKind.SPLIT, SPLIT_ON, Decimal(2))
        assert world.fetch("AAA", start=BEFORE, end=SESSION).actions == ()


def test_the_plain_endpoint_gives_the_same_bars_without_actions():
    with a_world() as world, a_world(plan=FREE) as free:
        whole = world.fetch(start=START, end=SESSION)
        plain = free.fetch(start=START, end=SESSION)
        assert np.array_equal(whole.bars.close, plain.bars.close)
        assert np.array_equal(whole.bars.volume, plain.bars.volume)
        assert (len(whole.actions), len(plain.actions)) == (1, 0)


def test_a_session_that_is_not_over_gives_no_bar_and_costs_nothing():
    with a_world(now=datetime(2016, 2, 12, 20, 59, tzinfo=UTC)) as world:
        received = world.fetch()
        assert (len(received.bars), received.absent) == (0, ())
        assert world.plan().requests == world.peer.count() == 0


def test_the_unfinished_bar_of_today_stays_out():
    with a_world(now=datetime(2016, 2, 12, 18, 0, tzinfo=UTC)) as world:
        received = world.fetch("AAA", start=MONDAY, end=SESSION)
        assert sessions_of(received)[-1] == BEFORE


def test_an_answer_from_before_the_close_is_not_used_after_it():
    with a_world(now=datetime(2016, 2, 12, 20, 58, tzinfo=UTC)) as world:
        world.fetch("AAA", start=MONDAY, end=SESSION)
        world.clock.advance(minutes=30)
        received = world.fetch("AAA", start=MONDAY, end=SESSION)
        assert sessions_of(received)[-1] == SESSION
        assert world.peer.count() == 2


def sleep_an_hour_once_asked(world):
    while not world.peer.count():
        time.sleep(0.005)
    world.clock.advance(hours=1)


def test_an_answer_slept_over_on_its_way_is_not_used_after_the_close():
    with a_world(now=datetime(2016, 2, 12, 20, 58, tzinfo=UTC)) as world:
        world.peer.fail("delay", value=0.5)
        sleep = Thread(target=sleep_an_hour_once_asked, args=(world,))
        sleep.start()
        before = world.fetch("AAA", start=MONDAY, end=SESSION)
        sleep.join()
        after = world.fetch("AAA", start=MONDAY, end=SESSION)
        assert (sessions_of(before)[-1], sessions_of(after)[-1]) == (BEFORE, SESSION)
        assert world.peer.count() == 2


def test_a_young_answer_from_before_the_close_is_not_used_after_it():
    with a_world(now=datetime(2016, 2, 12, 20, 58, tzinfo=UTC)) as world:
        world.fetch("AAA", start=MONDAY, end=SESSION)
        world.clock.advance(minutes=8)
        assert sessions_of(world.fetch("AAA", start=MONDAY, end=SESSION))[-1] == SESSION


@pytest.mark.parametrize("ahead", [timedelta(days=3000), timedelta(days=-300)], ids=str)
def test_a_rehearsal_uses_answers_by_their_age_whatever_the_time_of_the_spool(ahead):
    with a_world(through=BEFORE) as world:
        real = FixedClock(world.clock.now() + ahead)
        world.spool = InMemoryAnswerSpool(real)
        world.fetch("AAA")
        world.fetch("AAA")
        assert world.peer.count() == 1
        world.peer.through = None
        world.clock.advance(minutes=16)
        real.advance(minutes=16)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert world.peer.count() == 2
        real.advance(hours=20)
        world.clock.advance(hours=20)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert world.peer.count() == 2


def test_a_closed_day_costs_nothing():
    with a_world(now=datetime(2016, 2, 16, 3, 0, tzinfo=UTC)) as world:
        assert len(world.fetch(start=PRESIDENTS_DAY, end=PRESIDENTS_DAY).bars) == 0
        assert world.peer.count() == 0


def test_a_range_within_the_last_hundred_sessions_is_asked_for_compact():
    with a_world(bars=a_market(sessions=150), now=AUGUST) as world:
        received = world.fetch("AAA", start=FIRST_OF_COMPACT, end=date(2016, 8, 5))
        assert len(received.bars) == 100
        assert [asked.outputsize for asked in world.peer.requests] == ["compact"]


def test_a_range_before_the_last_hundred_sessions_is_asked_for_full():
    with a_world(bars=a_market(sessions=150), now=AUGUST) as world:
        received = world.fetch("AAA", start=LAST_OF_FULL, end=date(2016, 8, 5))
        assert len(received.bars) == 101
        assert [asked.outputsize for asked in world.peer.requests] == ["full"]


def test_a_compact_answer_that_does_not_reach_back_is_followed_by_the_full_one():
    # Rows on closed days push the first session out of the hundred.
    with a_world(bars=a_market(sessions=150), now=AUGUST) as world:
        table = world.peer.table
        saturday = table[table["date"] == "2016-08-05"].assign(date=pd.Timestamp("2016-07-30"))
        world.peer.serve_table(pd.concat([table, saturday]))
        received = world.fetch("AAA", start=FIRST_OF_COMPACT, end=date(2016, 8, 5))
        assert len(received.bars) == 101
        assert [asked.outputsize for asked in world.peer.requests] == ["compact", "full"]


def test_a_symbol_listed_lately_is_not_asked_for_twice():
    with a_world() as world:
        received = world.fetch("AAA", start=date(2015, 12, 1), end=SESSION)
        assert sessions_of(received)[0] == START
        assert world.peer.count() == 1


def test_a_symbol_that_ended_is_absent_with_its_last_session():
    bars = bars_of_closes({"AAA": [1.0] * 29, "OLD": [1.0] * 10}, start=START)
    with a_world(bars=bars) as world:
        [absence] = world.fetch("AAA", "OLD").absent
        assert (absence.symbol, absence.kind) == ("OLD", AbsenceKind.NO_DATA)
        assert absence.reason == (
            "no bar of 2016-02-12; its bars run from 2016-01-04 to 2016-01-15"
        )


def test_a_series_without_a_day_is_a_failure():
    body = b'{"Meta Data": {"2. Symbol": "AAA"}, "Time Series (Daily)": {}}'
    with a_world() as world:
        world.peer.fail("body", value=body)
        [absence] = world.fetch("AAA").absent
        assert (absence.kind, absence.reason) == (
            AbsenceKind.FAILED,
            "an answer without a single day",
        )


def test_rows_nobody_can_read_come_along_as_such():
    body = (
        b'{"Meta Data": {"2. Symbol": "AAA"}, "Time Series (Daily)": {'
        b'"2016-02-12": {"4. close": "abc"}, "soon": {"4. close": "1.0"}}}'
    )
    with a_world() as world:
        world.peer.fail("body", value=body)
        received = world.fetch("AAA")
        assert [row.session for row in received.unreadable] == ["soon", "2016-02-12"]
        assert (len(received.bars), received.absent) == (0, ())


def test_a_session_not_published_yet_stops_after_three_symbols():
    with a_world(through=BEFORE) as world:
        with pytest.raises(NotPublished, match="has not published 2016-02-12 yet") as told:
            world.fetch()
        assert "AAA, BBB, BRK.B is 2016-02-11" in str(told.value)
        assert "nothing was spent on the others; ask again from 22:15 UTC on" in str(told.value)
        assert world.peer.count() == 3


def test_batches_of_a_run_learn_from_one_another_that_the_session_is_not_there():
    with a_world(through=BEFORE) as world:
        source = world.source()
        for symbols, told in ((SYMBOLS[:2], 2), (SYMBOLS[2:], 3), (SYMBOLS[3:], 3)):
            with suppress(NotPublished):
                source.fetch(symbols, start=SESSION, end=SESSION)
            assert world.peer.count() == told


@pytest.mark.parametrize("fault", ["invalid_call", "body"])
def test_a_vendor_that_has_data_of_nobody_is_not_asked_for_everybody(fault):
    symbols = [f"S{number:02}" for number in range(40)]
    with a_world(bars=a_market(symbols), untried=True) as world:
        world.peer.fail(fault, times=100, value=b"{}")
        with pytest.raises(SourceAway, match="has no data of any of S00, S01"):
            world.fetch(*symbols)
        assert world.peer.count() == world.spent == 11
        with pytest.raises(SourceAway, match="ask again from"):
            world.fetch(*symbols)
        assert world.peer.count() == 11
        world.peer.faults.clear()
        world.clock.advance(minutes=16)
        assert symbols_of(world.fetch(*symbols)) == tuple(symbols)


def test_tickers_of_old_that_nobody_knows_end_no_backfill():
    unknown = [f"A{number:02}" for number in range(15)]
    with a_world(bars=a_market(sessions=150), now=AUGUST) as world:
        received = world.fetch(*unknown, "AAA", start=START, end=SESSION)
        assert (symbols_of(received), len(received.absent)) == (("AAA",), 15)


def test_a_stopped_batch_goes_on_when_the_session_is_published():
    with a_world(through=BEFORE) as world:
        with pytest.raises(NotPublished):
            world.fetch()
        world.clock.advance(minutes=5)
        with pytest.raises(NotPublished):
            world.fetch()
        assert world.peer.count() == 3
        world.peer.through = None
        world.clock.advance(minutes=30)
        assert symbols_of(world.fetch()) == SYMBOLS
        assert world.peer.count() == 8


def test_symbols_delisted_long_ago_hold_nobody_up():
    closes = {"A1": [1.0] * 20, "A2": [1.0] * 20, "A3": [1.0] * 20, "B": [1.0] * 29}
    with a_world(bars=bars_of_closes(closes, start=START)) as world:
        received = world.fetch(*closes)
        assert symbols_of(received) == ("B",)
        assert [absence.symbol for absence in received.absent] == ["A1", "A2", "A3"]


def test_symbols_that_ended_the_day_before_hold_up_that_session_alone():
    closes = {"A1": [1.0] * 28, "A2": [1.0] * 28, "A3": [1.0] * 28, "B": [1.0] * 30}
    with a_world(bars=bars_of_closes(closes, start=START)) as world:
        with pytest.raises(NotPublished):
            world.fetch(*closes)
        world.clock.set(datetime(2016, 2, 16, 22, 0, tzinfo=UTC))
        assert symbols_of(world.fetch(*closes, start=NEXT_SESSION, end=NEXT_SESSION)) == ("B",)
        assert symbols_of(world.fetch(*closes)) == ("B",)


def test_an_older_session_is_never_taken_for_one_to_come():
    closes = {"A1": [1.0] * 28, "A2": [1.0] * 28, "A3": [1.0] * 28, "B": [1.0] * 30}
    with a_world(bars=bars_of_closes(closes, start=START)) as world:
        world.clock.set(datetime(2016, 2, 16, 22, 0, tzinfo=UTC))
        assert symbols_of(world.fetch(*closes)) == ("B",)


def test_the_last_three_symbols_are_told_absent_rather_than_not_published():
    with a_world(through=BEFORE) as world:
        received = world.fetch("AAA", "BBB", "CCC")
        assert [absence.kind for absence in received.absent] == [AbsenceKind.NO_DATA] * 3


def test_answers_paid_for_are_used_by_the_next_process():
    with a_world() as world:
        world.fetch("AAA", "BBB")
        assert symbols_of(world.fetch()) == SYMBOLS
        assert world.peer.count() == len(SYMBOLS)


def test_answers_of_the_whole_range_answer_a_part_of_it():
    with a_world() as world:
        world.fetch("AAA", start=START, end=SESSION)
        world.clock.advance(hours=20)
        assert sessions_of(world.fetch("AAA", start=MONDAY, end=BEFORE))[-1] == BEFORE
        assert world.peer.count() == 1


def test_an_answer_without_the_session_is_asked_for_again_after_a_quarter_of_an_hour():
    with a_world(through=BEFORE) as world:
        world.fetch("AAA")
        world.clock.advance(minutes=14)
        world.fetch("AAA")
        assert world.peer.count() == 1
        world.clock.advance(minutes=2)
        world.fetch("AAA")
        assert world.peer.count() == 2


def test_an_unknown_symbol_is_not_asked_for_again_at_once():
    with a_world() as world:
        world.fetch("AAA", "NOSUCH")
        world.clock.advance(minutes=14)
        [absence] = world.fetch("NOSUCH").absent
        assert absence.kind is AbsenceKind.UNKNOWN_SYMBOL
        assert world.peer.count(symbol="NOSUCH") == 1
        world.clock.advance(minutes=2)
        world.fetch("NOSUCH")
        assert world.peer.count(symbol="NOSUCH") == 2


def test_a_kept_answer_nobody_can_read_is_asked_for_again():
    with a_world() as world:
        world.spool.keep(world.account, "TIME_SERIES_DAILY_ADJUSTED AAA compact", b"{half")
        assert symbols_of(world.fetch("AAA")) == ("AAA",)


def test_a_kept_answer_about_another_symbol_is_asked_for_again():
    with a_world() as world:
        world.fetch("BBB")
        request = "TIME_SERIES_DAILY_ADJUSTED {} compact"
        [[_, about_bbb]] = world.spool.kept(world.account, [request.format("BBB")]).items()
        world.spool.keep(world.account, request.format("AAA"), about_bbb.body)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert world.peer.count(symbol="AAA") == 1


def test_an_empty_object_is_not_asked_for_again_at_once():
    with a_world() as world:
        world.peer.fail("body", value=b"{}")
        world.fetch("AAA")
        assert [absence.kind for absence in world.fetch("AAA").absent] == [AbsenceKind.FAILED]
        assert world.peer.count() == 1
        world.clock.advance(minutes=16)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)


def test_answers_without_actions_are_not_used_once_the_plan_gives_them():
    with a_world(plan=FREE) as world:
        world.fetch("AAA", start=START, end=SESSION)
        world.peer.plan = Plan()
        world.remember(allowed=True)
        assert len(world.fetch("AAA", start=START, end=SESSION).actions) == 1
        assert [asked.function for asked in world.peer.requests] == [PLAIN, ADJUSTED]


@pytest.mark.parametrize(("plan", "spent"), [(FREE, 8), (Plan(), 7)], ids=["free", "premium"])
def test_a_plan_counts_what_is_missing_and_one_to_try_the_endpoint(plan, spent):
    with a_world(plan=plan, untried=True) as world:
        asked = [*SYMBOLS, "Z1", "Z2"]
        planned = world.plan(*asked)
        assert (planned.source, planned.symbols, planned.requests) == ("alpha_vantage", 7, 8)
        assert (planned.left, planned.per_day, planned.fits) == (100, 100, True)
        world.fetch(*asked)
        assert world.peer.count() == world.spent == spent


def test_a_plan_counts_no_answer_that_was_paid_for():
    with a_world() as world:
        assert (world.plan().requests, world.plan().left) == (5, 100)
        world.fetch("AAA", "BBB")
        assert (world.plan().requests, world.plan().left) == (3, 98)
        world.fetch()
        assert (world.plan().requests, world.plan().left) == (0, 95)
        assert world.peer.count() == 5


def test_a_plan_larger_than_the_day_does_not_fit():
    with a_world(settings={"requests_per_day": 5}) as world:
        assert world.plan().fits
        assert not world.plan(*SYMBOLS, "EEE").fits


def test_the_days_budget_is_spent_to_the_last_request_and_no_further():
    with a_world(settings={"requests_per_day": 3}) as world:
        received = world.fetch()
        assert symbols_of(received) == SYMBOLS[:3]
        assert [(one.symbol, one.kind) for one in received.absent] == [
            (symbol, AbsenceKind.REFUSED) for symbol in SYMBOLS[3:]
        ]
        assert "3 of 3 requests" in received.absent[0].reason
        with pytest.raises(BudgetSpent, match="3 of 3 requests"):
            world.fetch(*SYMBOLS[3:])
        assert world.peer.count() == world.spent == 3
        world.clock.advance(days=1)
        assert symbols_of(world.fetch()) == SYMBOLS
        assert world.peer.count() == 5


def test_requests_keep_within_the_minute_of_the_plan():
    limits = {"requests_per_minute": 2}
    with a_world(settings=limits, plan=Plan(per_minute=None)) as world:
        world.fetch()
        assert sum(world.waits) >= 120.0
        assert world.peer.count() == 5
