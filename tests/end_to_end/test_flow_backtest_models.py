"""Backtests and sweeps of a strategy that decides by what models forecast, as flow runs."""

from datetime import date
from pathlib import Path

import pytest

from flows.backtest import backtest_strategy
from flows.sweep import sweep_strategy
from tests.end_to_end.command_line import ask

ML = "MLSignalStrategy"
FIRST_TEST = date(2018, 5, 1)
SECOND_TEST = date(2018, 8, 1)

# Small and quick; of noise it knows little, so it follows what is barely likelier.
RECIPE = {
    "ML__BOOSTER__MAX_ROUNDS": 10,
    "ML__BOOSTER__EARLY_STOPPING_ROUNDS": 3,
    "ML__BOOSTER__MIN_CHILD_WEIGHT": 5,
    "ML__CONFIDENCE_THRESHOLD": 0.36,
}


@pytest.fixture(scope="module")
def world(worlds, tmp_path_factory):
    with worlds(tmp_path_factory.mktemp("home"), **RECIPE) as world:
        yield world


@pytest.fixture(scope="module")
def walked(world):
    """The summary of a walk-forward: it trains every window's model."""
    return backtest_strategy(ML, walk_forward=True)


def models_of(world):
    """The files of windows' models, with when they were written."""
    folder = Path(world.home) / "models" / "windows"
    return {path: path.stat().st_mtime_ns for path in folder.glob("[0-9a-f]*/*")}


def test_a_walk_forward_trains_a_model_a_window_and_keeps_them(world, walked):
    note = walked.notes[0]
    assert "5 windows of 24/6 months" in note
    assert "the first buys nothing, for no model had forecast its train months" in note
    assert (walked.first, len(models_of(world))) == (SECOND_TEST, 5 * 3)


def test_a_second_walk_forward_trains_nothing_and_says_the_same(world, walked):
    before = models_of(world)
    again = backtest_strategy(ML, walk_forward=True)
    assert again.metrics == walked.metrics
    assert models_of(world) == before


def test_one_run_follows_the_newest_model_trained_before_each_session(world, walked):
    before = models_of(world)
    summary = backtest_strategy(ML, sizing="flat_cap")
    assert summary.metrics.trades > 0
    assert summary.first == FIRST_TEST
    [told] = [note for note in summary.notes if "newest model" in note]
    assert told == (
        "each session is forecast by the newest model of the walk-forward windows whose training "
        "ended before it; sessions before the first test window by none"
    )
    assert models_of(world) == before


def test_a_sweep_asks_the_same_models_about_every_threshold(world, walked):
    before = models_of(world)
    summary = sweep_strategy(ML, grid={"confidence_threshold": [0.36, 0.99]}, sizing="flat_cap")
    best, worst = summary.variants
    assert best.parameters["confidence_threshold"] == 0.36
    assert (worst.metrics.trades, worst.metrics.sharpe) == (0, None)
    alone = backtest_strategy(ML, sizing="flat_cap")
    assert best.metrics == alone.metrics
    assert models_of(world) == before


def test_a_threshold_that_is_no_probability_is_refused(world):
    state = backtest_strategy(ML, parameters={"confidence_threshold": 55.0}, return_state=True)
    assert state.is_failed()
    assert "it is a probability, give 0 to 1" in state.message


def test_a_check_for_foresight_is_refused_with_what_shows_it_instead(world):
    answer = ask("strategies", "check", ML)
    assert (answer.code, answer.out) == (2, "")
    assert "decides by the forecasts of a model alone" in answer.err
    assert f"`backtest {ML} --walk-forward`" in answer.err
