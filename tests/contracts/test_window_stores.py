"""Windows and trials on record: one suite for Postgres and the stores in memory."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.windows import PostgresTrials, PostgresWindows
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.walk_forward import Trial, WindowOutcome, WindowRecord, WindowTrade
from tests.fakes.windows import MemoryTrials, MemoryWindows

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url):
    with closing(open_database(database_url)) as database:
        yield database


@pytest.fixture(params=["postgres", "memory"])
def windows(request):
    if request.param == "memory":
        return MemoryWindows()
    return PostgresWindows(request.getfixturevalue("database"))


@pytest.fixture(params=["postgres", "memory"])
def trials(request):
    if request.param == "memory":
        return MemoryTrials()
    return PostgresTrials(request.getfixturevalue("database"))


def a_window(key="k", **changes):
    outcome = WindowOutcome(
        train_start=date(2014, 1, 2),
        test_start=date(2016, 1, 4),
        test_end=date(2016, 6, 30),
        parameters={"entry_fraction": 0.1, "is_quick": True, "mode": "fast", "max_hold_days": 63},
        train_sharpes=(1 / 3, None),
        train_trades=12,
        win_rate=0.1 + 0.2,
        avg_win_loss_ratio=None,
        kelly_fraction=-0.25,
        return_pct=1e-300,
    )
    trade = WindowTrade(
        symbol=Symbol("BRK.B"),
        entry=date(2016, 1, 4),
        exit=date(2016, 1, 8),
        quantity=7,
        paid_usd=1 / 7,
        pnl_usd=-0.1,
        reason=1,
    )
    ordinary = WindowRecord(
        key=key,
        strategy="Momentum",
        outcome=outcome,
        sessions=(date(2016, 1, 4), date(2016, 1, 5)),
        returns=(0.1, -1 / 3),
        exposure=(0.5, 0.0),
        traded=(1.0, 2.0),
        costs_usd=(1.25, 0.0),
        halted_by=(-1, 2),
        trades=(trade, replace(trade, symbol=Symbol("AAPL"))),
        refused=(0, 5, 0),
    )
    return replace(ordinary, **changes)


def test_a_window_is_read_back_to_the_last_bit(windows):
    window = a_window()
    windows.save([window], at=AT)
    assert windows.load(["k", "other"]) == {"k": window}


def test_a_window_without_trades_is_read_back(windows):
    window = a_window(trades=(), refused=())
    windows.save([window], at=AT)
    assert windows.load(["k"]) == {"k": window}


def test_a_window_on_record_stays(windows):
    windows.save([a_window()], at=AT)
    windows.save([a_window(strategy="Breakout"), a_window("l")], at=AT)
    assert windows.load(["k", "l"]) == {"k": a_window(), "l": a_window("l")}


def test_nothing_asked_is_nothing_found(windows):
    windows.save([], at=AT)
    assert windows.load([]) == {}


def test_a_trial_counts_once_with_its_newest_figure(trials):
    one = Trial(key="b", strategy="Momentum", parameters={"entry_fraction": 0.1}, sharpe=1 / 3)
    other = Trial(key="a", strategy="Momentum", parameters={}, sharpe=None)
    trials.record([one, other], at=AT)
    trials.record([replace(one, sharpe=0.5)], at=AT)
    trials.record([], at=AT)
    assert trials.trials() == [other, replace(one, sharpe=0.5)]
