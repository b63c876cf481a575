"""Walk-forwards of a strategy that decides by what models forecast."""

from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.metrics import performance
from alpha_oracle.research.simulator import FLAT_CAP, backtest
from alpha_oracle.risk.sizing import half_kelly
from alpha_oracle.strategies.deciding import wishes_of
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy
from tests.contexts import a_whole_context
from tests.fakes.models import MemoryModelFiles
from tests.fakes.windows import MemoryTrials, MemoryWindows
from tests.unit.research.forecasts import (
    MONTHS,
    SESSIONS,
    TERMS,
    a_forecaster,
    a_market,
    a_plan,
    an_evaluator,
)

ML = MLSignalStrategy()


@pytest.fixture(scope="module")
def market():
    return a_market(drift=0.008)


@pytest.fixture(scope="module")
def windows():
    """The store of the first walk-forward."""
    return MemoryWindows()


@pytest.fixture(scope="module")
def files():
    """The models of the first walk-forward."""
    return MemoryModelFiles()


@pytest.fixture(scope="module")
def first(market, windows, files):
    """The first walk-forward: everything is trained and traded."""
    return evaluated(an_evaluator(a_forecaster(files), windows=windows), market)


def evaluated(evaluator, market, *, strategy=ML, grid=None, universe=None):
    return evaluator.evaluate(
        strategy, market, terms=TERMS, months=MONTHS, grid=grid or {}, universe=universe
    )


class NoFiles:
    """Files in a process that must not train."""

    def load(self, key):
        raise AssertionError(key)

    def save(self, key, files):
        raise AssertionError(key)


def test_a_signal_that_is_there_is_learnt_and_pays(first):
    metrics = performance(first.record)
    assert metrics.trades > 50
    assert metrics.sharpe > 2
    assert metrics.total_return_pct > 20


def test_without_a_signal_nothing_is_gained(market):
    nothing = evaluated(an_evaluator(a_forecaster()), a_market(drift=0.0))
    assert performance(nothing.record).total_return_pct < 5


def test_the_first_window_buys_nothing_and_counts_for_nothing(first, market, windows):
    idle = windows.kept[first.keys[0]].outcome
    assert (idle.train_trades, idle.kelly_fraction, idle.return_pct) == (0, 0.0, 0.0)
    assert len(first.windows) == len(first.keys) - 1 > 0
    second = market.sessions[a_plan(market).windows[1].test_start]
    assert first.record.sessions[0] == second
    assert second == np.datetime64(first.windows[0].test_start)
    assert all(window.kelly_fraction > 0 for window in first.windows)
    assert "the first buys nothing, for no model had forecast its train months" in first.note


def test_an_only_window_is_told_though_it_bought_nothing(market, files):
    plan = a_plan(market)
    short = market.until(market.sessions[plan.windows[0].test_stop - 1].item())
    only = evaluated(an_evaluator(a_forecaster(files)), short)
    assert len(only.windows) == 1
    assert len(only.trades.symbol) == 0


def test_a_window_is_sized_by_the_trades_of_earlier_models_alone(first, market, files):
    forecasts = a_forecaster(files).over(market, a_plan(market))
    window = forecasts.plan.windows[2]
    informed = ML.informed_by(forecasts.of(window))
    train = backtest(
        wishes_of(informed, market, {}),
        market,
        strategy=informed,
        kelly_fraction=FLAT_CAP,
        terms=TERMS,
        start=market.sessions[window.train_start].item(),
        end=market.sessions[window.test_start - 1].item(),
    )
    profits = train.trades["pnl"]
    won, lost = profits[profits > 0], profits[profits < 0]
    outcome = first.windows[1]
    assert outcome.train_trades == len(profits) > 0
    assert outcome.win_rate == pytest.approx(len(won) / len(profits))
    ratio = won.mean() / -lost.mean()
    assert outcome.kelly_fraction == pytest.approx(half_kelly(outcome.win_rate, ratio))
    # No entry of the train months lies before the first model's test.
    entries = train.sessions[train.trades["entry"]]
    assert entries.min() > market.sessions[forecasts.plan.windows[0].test_start]


def test_a_rerun_trains_and_trades_nothing_and_says_the_same(first, market, windows, files):
    forecaster = a_forecaster(MemoryModelFiles())
    again = evaluated(an_evaluator(forecaster, windows=windows), market)
    assert again.reused == len(again.keys) == len(first.keys)
    assert again.record.returns.tobytes() == first.record.returns.tobytes()
    assert (again.note, again.keys, again.windows) == (first.note, first.keys, first.windows)
    assert forecaster.files.kept == {}


def test_a_longer_history_trains_and_trades_its_new_windows_alone(market, first):
    windows, files = MemoryWindows(), MemoryModelFiles()
    cut = market.until(market.sessions[-60].item())
    short = evaluated(an_evaluator(a_forecaster(files), windows=windows), cut)
    assert 0 < len(files.kept) == len(short.keys) < len(first.keys)
    longer = evaluated(an_evaluator(a_forecaster(files), windows=windows), market)
    assert longer.reused == len(short.keys)
    assert longer.record.returns.tobytes() == first.record.returns.tobytes()
    assert longer.keys == first.keys
    assert len(files.kept) == len(first.keys)


@pytest.mark.parametrize("change", [{"seed": 8}, {"features": ("return_5", "rsi_14")}])
def test_windows_of_another_recipe_are_other_windows(first, market, windows, change):
    other = evaluated(an_evaluator(a_forecaster(**change), windows=windows), market)
    assert other.reused == 0
    assert not set(other.keys) & set(first.keys)


def test_what_models_read_beside_bars_is_part_of_a_window(market):
    context = a_whole_context(symbols=16, sessions=SESSIONS, seed=7, sessions_a_trade=3)
    told = replace(market, context=context)
    windows, files = MemoryWindows(), MemoryModelFiles()
    recipe = {"features": ("return_5", "vix_level")}
    walked = evaluated(an_evaluator(a_forecaster(files, **recipe), windows=windows), told)
    vix = context.vix.copy()
    vix[a_plan(market).windows[-1].test_start + 5] += 10.0
    changed = replace(market, context=replace(context, vix=vix))
    again = evaluated(an_evaluator(a_forecaster(files, **recipe), windows=windows), changed)
    assert again.reused == len(walked.keys) - 1
    # It taught no model: none is trained again.
    assert len(files.kept) == len(walked.keys)


def test_each_window_chooses_its_threshold_by_forecasts_of_earlier_models(market, files):
    grid = {"confidence_threshold": (0.4, 0.55, 0.95)}
    result = evaluated(an_evaluator(a_forecaster(files)), market, grid=grid)
    for window in result.windows:
        known = [-np.inf if ratio is None else ratio for ratio in window.train_sharpes]
        best = grid["confidence_threshold"][int(np.argmax(known))]
        assert window.parameters["confidence_threshold"] == best
    assert result.parameters["confidence_threshold"] in grid["confidence_threshold"]


def test_another_recipe_is_another_trial(market, files):
    trials = MemoryTrials()
    evaluated(an_evaluator(a_forecaster(files), trials=trials), market)
    evaluated(an_evaluator(a_forecaster(files), trials=trials), market)
    evaluated(an_evaluator(a_forecaster(seed=8), trials=trials), market)
    assert len(trials.trials()) == 2


def test_without_a_recipe_of_a_model_it_is_refused(market):
    with pytest.raises(ConfigurationError, match="MLSignalStrategy decides by what models fore"):
        evaluated(an_evaluator(), market)


def test_what_is_on_record_is_recalled_without_a_model(first, windows):
    evaluator = an_evaluator(a_forecaster(NoFiles()), windows=windows)
    recalled = evaluator.recalled(
        ML.name, first.keys, note="model 2017-09-29-abc", until=first.windows[-1].test_end
    )
    assert recalled.record.returns.tobytes() == first.record.returns.tobytes()
    assert recalled.trades.symbol.tolist() == first.trades.symbol.tolist()
    assert (recalled.windows, recalled.keys) == (first.windows, first.keys)
    assert recalled.note == "model 2017-09-29-abc"
    assert recalled.parameters == first.windows[-1].parameters


def test_windows_that_are_lost_leave_none_and_the_note_says_what_to_do(first, windows):
    few = MemoryWindows(kept={key: windows.kept[key] for key in first.keys[1:]})
    recalled = an_evaluator(windows=few).recalled(
        ML.name, first.keys, note="model x", until=first.windows[-1].test_end
    )
    assert recalled.windows == recalled.keys == ()
    assert len(recalled.record.returns) == 0
    assert recalled.note == "model x; 1 of its 4 windows are not on record: train anew"


def test_windows_that_end_after_the_session_are_not_recalled(first, windows):
    before = calendar.shift_session(first.windows[-1].test_end, -1)
    recalled = an_evaluator(windows=windows).recalled(
        ML.name, first.keys, note="the windows", until=before
    )
    assert recalled.windows == recalled.keys == ()
    assert (len(recalled.record.returns), dict(recalled.parameters)) == (0, {})
    assert recalled.note == f"the windows end after {before}: nobody could know them then"


def test_once_through_the_market_each_session_is_forecast_by_the_newest_model(market, files):
    evaluator = an_evaluator(a_forecaster(files))
    informed = evaluator.informed(ML, market, months=MONTHS)
    newest = evaluator.forecaster.over(market, a_plan(market)).newest()
    assert informed.forecast.probabilities.tobytes() == newest.probabilities.tobytes()
    rule = MomentumStrategy()
    assert evaluator.informed(rule, market, months=MONTHS) is rule


def test_a_history_without_a_window_forecasts_nothing(market):
    short = market.until(market.sessions[20].item())
    evaluator = an_evaluator(a_forecaster(NoFiles()))
    informed = evaluator.informed(ML, short, months=MONTHS)
    assert np.isnan(informed.forecast.probabilities).all()
    result = evaluated(evaluator, short)
    assert (result.windows, result.note) == ((), a_plan(short).note)
