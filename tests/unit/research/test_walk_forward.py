from datetime import date

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.research.simulator import FLAT_CAP, backtest
from alpha_oracle.research.walk_forward import walk_forward
from alpha_oracle.research.windows import Window, WindowMonths, WindowPlan, plan_windows
from alpha_oracle.strategies.base import Decisions
from tests.builders import a_panel
from tests.unit.research.worlds import Holding, some_terms

MONTHS = WindowMonths(train=24, test=6, step=3)


def _sessions(start, end):
    return np.array(calendar.sessions_between(start, end), dtype="datetime64[D]")


def test_ten_years_hold_thirty_one_windows_of_whole_months():
    sessions = _sessions(date(2008, 1, 2), date(2017, 12, 29))
    plan = plan_windows(sessions, MONTHS)
    assert len(plan.windows) == 31
    first, last = plan.windows[0], plan.windows[-1]
    assert sessions[first.train_start].item() == date(2008, 1, 2)
    assert sessions[first.test_start].item() == date(2010, 1, 4)
    assert sessions[first.test_stop].item() == date(2010, 7, 1)
    assert sessions[last.test_start].item() == date(2017, 7, 3)
    assert last.test_stop == len(sessions)
    assert plan.note == (
        "31 windows of 24/6 months, 3 apart; out of sample 2010-01-04 to 2017-12-29"
    )


def test_a_window_waits_for_its_last_session():
    sessions = _sessions(date(2014, 1, 2), date(2016, 6, 30))
    assert len(plan_windows(sessions, MONTHS).windows) == 1
    assert plan_windows(sessions, MONTHS).note.startswith("1 window of")
    short = plan_windows(sessions[:-1], MONTHS)
    assert "no whole window" in short.note


def test_a_longer_history_moves_no_window():
    sessions = _sessions(date(2010, 1, 15), date(2016, 12, 30))
    before = plan_windows(sessions[:1000], MONTHS)
    after = plan_windows(sessions, MONTHS)
    assert after.windows[: len(before.windows)] == before.windows
    # The history starts in mid-month: the first whole month is February.
    assert sessions[after.windows[0].train_start].item() == date(2010, 2, 1)
    assert "sessions after it wait for a whole window" in before.note


def test_a_short_history_is_split_in_proportion_and_says_so():
    sessions = _sessions(date(2015, 1, 2), date(2016, 6, 30))
    plan = plan_windows(sessions, MONTHS)
    assert plan.windows == (Window(train_start=0, test_start=301, test_stop=377),)
    assert plan.note == (
        "377 sessions hold no whole window of 24 + 6 months: "
        "one of 301 train and 76 test sessions instead"
    )


@pytest.mark.parametrize("count", [0, 1, 60])
def test_a_history_too_short_to_test_has_no_window_and_says_so(count):
    plan = plan_windows(_sessions(date(2015, 1, 2), date(2016, 6, 30))[:count], MONTHS)
    assert plan.windows == ()
    assert "too few to test anything" in plan.note


def test_a_history_without_a_session_to_train_on_has_no_window():
    sessions = _sessions(date(2015, 1, 2), date(2015, 3, 2))
    plan = plan_windows(sessions, WindowMonths(train=1, test=60, step=3))
    assert plan.windows == ()
    assert "too few to test anything; 1 + 60 months are wanted" in plan.note


def _a_run(plan, *, sessions=120):
    market = a_panel(symbols=6, sessions=sessions)
    random = np.random.default_rng(3)
    shape = market.close.shape
    decisions = Decisions(
        entry=np.where(random.random(shape) < 0.3, random.random(shape), np.nan),
        exit=random.random(shape) < 0.2,
    )
    strategy, terms = Holding(max_hold_days=5), some_terms(cap=20, min_cash=10)
    result = walk_forward(decisions, market, strategy=strategy, terms=terms, plan=plan)
    return result, decisions, market, strategy, terms


OVERLAPPING = WindowPlan(
    windows=(
        Window(train_start=0, test_start=60, test_stop=90),
        Window(train_start=15, test_start=75, test_stop=105),
    ),
    note="two",
)


def test_every_session_out_of_sample_counts_once():
    result, _, market, _, _ = _a_run(OVERLAPPING)
    assert result.record.sessions.tolist() == market.sessions[60:105].tolist()
    assert len(result.record.returns) == 45
    assert result.note == "two"


def test_a_test_window_is_sized_by_what_its_train_window_closed():
    result, decisions, market, strategy, terms = _a_run(OVERLAPPING)
    train = backtest(
        decisions,
        market,
        strategy=strategy,
        kelly_fraction=FLAT_CAP,
        terms=terms,
        start=market.sessions[15].item(),
        end=market.sessions[74].item(),
    )
    profits = train.trades["pnl"]
    won, lost = profits[profits > 0], -profits[profits < 0]
    rate = len(won) / len(profits)
    kelly = (rate - (1 - rate) / (won.mean() / lost.mean())) / 2
    window = result.windows[1]
    assert window.train_trades == len(profits)
    assert window.kelly_fraction == pytest.approx(kelly)
    test = backtest(
        decisions,
        market,
        strategy=strategy,
        kelly_fraction=window.kelly_fraction,
        terms=terms,
        start=market.sessions[74].item(),
        end=market.sessions[104].item(),
    )
    assert window.return_pct == pytest.approx((test.equity[-1] / 10_000 - 1) * 100)
    assert result.record.returns[15:] == pytest.approx(test.equity[1:] / test.equity[:-1] - 1)


def test_the_future_changes_no_window_that_is_over():
    whole, *_ = _a_run(OVERLAPPING)
    first, *_ = _a_run(WindowPlan(windows=OVERLAPPING.windows[:1], note="one"))
    assert first.windows[0] == whole.windows[0]
    assert first.record.returns[:15].tobytes() == whole.record.returns[:15].tobytes()


def test_without_a_window_nothing_is_out_of_sample():
    result, *_ = _a_run(WindowPlan(windows=(), note="none"))
    assert result.windows == ()
    assert len(result.record.returns) == 0
