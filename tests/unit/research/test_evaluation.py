"""Walk-forwards that are on record, and strategies that are fitted on their train windows."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pytest

from alpha_oracle.features.store import FeatureStore
from alpha_oracle.research.evaluation import Evaluator
from alpha_oracle.research.metrics import sharpe
from alpha_oracle.research.simulator import FLAT_CAP, backtest
from alpha_oracle.research.windows import WindowMonths, plan_windows
from alpha_oracle.strategies.base import decisions
from tests.builders import a_panel
from tests.fakes.clock import FixedClock
from tests.fakes.windows import MemoryTrials, MemoryWindows
from tests.unit.research.worlds import some_terms

MONTHS = WindowMonths(train=6, test=2, step=1)
TERMS = some_terms(capital=100_000.0, cap=10.0, min_cash=10.0)


class NoCache:
    """A feature cache that keeps nothing."""

    def load(self, keys, *, sessions, symbols):
        return {}

    def save(self, keys, values, *, sessions, symbols):
        return None

    def size_bytes(self):
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dips:
    """Buys what fell by more than `depth` since yesterday and holds it for a while."""

    name: ClassVar[str] = "Dips"
    features: ClassVar[tuple[str, ...]] = ()
    depth: float = 0.01
    min_hold_days: int = 2
    max_hold_days: int = 5

    def decide(self, market, features):
        fell = np.zeros(market.close.shape, np.bool_)
        change = market.close[1:] / market.close[:-1] - 1.0
        fell[1:] = change < -self.depth
        return decisions(
            market,
            wanted=fell,
            strength=np.full(fell.shape, 0.5),
            exits=np.zeros(fell.shape, np.bool_),
        )


@pytest.fixture(scope="module")
def panel():
    return a_panel(symbols=8, sessions=300, seed=11)


def an_evaluator(**changes):
    made = {
        "features": FeatureStore(NoCache()),
        "windows": MemoryWindows(),
        "trials": MemoryTrials(),
        "clock": FixedClock(datetime(2020, 1, 1, tzinfo=UTC)),
    } | changes
    return Evaluator(**made)


def evaluated(evaluator, panel, *, strategy=None, grid=None, terms=TERMS, universe=None):
    return evaluator.evaluate(
        strategy or Dips(), panel, terms=terms, months=MONTHS, grid=grid or {}, universe=universe
    )


def same(one, other):
    assert one.record.returns.tobytes() == other.record.returns.tobytes()
    assert one.record.profits.tobytes() == other.record.profits.tobytes()
    assert one.windows == other.windows
    assert one.trades.symbol.tolist() == other.trades.symbol.tolist()
    assert one.halted_by.tolist() == other.halted_by.tolist()
    assert one.refused.tolist() == other.refused.tolist()


def test_a_rerun_trades_no_window_again_and_says_the_same(panel):
    evaluator = an_evaluator()
    first = evaluated(evaluator, panel)
    again = evaluated(evaluator, panel)
    assert first.reused == 0
    assert again.reused == len(first.windows) == len(plan_windows(panel.sessions, MONTHS).windows)
    assert len(first.trades.symbol) > 0
    same(again, first)


def test_a_longer_history_trades_only_its_new_windows(panel):
    windows = MemoryWindows()
    short = evaluated(an_evaluator(windows=windows), panel.until(panel.sessions[-45].item()))
    longer = evaluated(an_evaluator(windows=windows), panel)
    assert longer.reused == len(short.windows) > 0
    assert len(longer.windows) > longer.reused
    same(longer, evaluated(an_evaluator(), panel))


@pytest.mark.parametrize("what", ["a bar", "the rule", "the terms"])
def test_what_a_window_follows_from_is_part_of_its_key(panel, what):
    windows = MemoryWindows()
    first = evaluated(an_evaluator(windows=windows), panel)
    changed, strategy, terms, kept = panel, Dips(), TERMS, 0
    if what == "a bar":
        changed = a_panel(symbols=8, sessions=300, seed=11)
        row = int(np.searchsorted(changed.sessions, np.datetime64(first.windows[1].test_end, "D")))
        changed.traded_close[row, 0] *= 1.01
        kept = 1
    elif what == "the rule":
        strategy = Dips(depth=0.02)
    else:
        terms = some_terms(capital=50_000.0, cap=10.0, min_cash=10.0)
    again = evaluated(an_evaluator(windows=windows), changed, strategy=strategy, terms=terms)
    assert again.reused == kept


def test_who_belongs_to_the_index_counts_also_on_a_session_without_a_bar():
    panel = a_panel(symbols=8, sessions=300, seed=11)
    row = 200
    for field in ("open", "high", "low", "close", "volume", "traded_open", "traded_close"):
        getattr(panel, field)[row, 0] = np.nan
    windows = MemoryWindows()
    first = evaluated(an_evaluator(windows=windows), panel)
    is_member = panel.is_member.copy()
    is_member[row, 0] = not is_member[row, 0]
    again = evaluated(an_evaluator(windows=windows), replace(panel, is_member=is_member))
    over = np.datetime64(first.windows[0].test_end, "D") < panel.sessions[row]
    assert over
    assert 0 < again.reused < len(first.windows)


def test_each_window_is_traded_by_what_did_best_on_its_train_window(panel):
    result = evaluated(an_evaluator(), panel, grid={"depth": (0.005, 0.02, 0.04)})
    for window in result.windows:
        ratios = []
        for depth in (0.005, 0.02, 0.04):
            strategy = Dips(depth=depth)
            train = backtest(
                strategy.decide(panel, {}),
                panel,
                strategy=strategy,
                kelly_fraction=FLAT_CAP,
                terms=TERMS,
                start=window.train_start,
                end=panel.sessions[panel.sessions < np.datetime64(window.test_start)][-1].item(),
            )
            ratios.append(sharpe(train.equity[1:] / train.equity[:-1] - 1))
        assert window.train_sharpes == pytest.approx(ratios)
        assert window.parameters["depth"] == (0.005, 0.02, 0.04)[int(np.argmax(ratios))]
    assert len({window.parameters["depth"] for window in result.windows}) > 1


def test_a_fit_does_not_see_its_test_window(panel):
    whole = evaluated(an_evaluator(), panel, grid={"depth": (0.005, 0.02, 0.04)})
    row = int(np.searchsorted(panel.sessions, np.datetime64(whole.windows[2].test_start, "D")))
    blind = a_panel(symbols=8, sessions=300, seed=11)
    random = np.random.default_rng(5)
    for prices in (blind.close, blind.traded_close, blind.traded_open):
        prices[row:] *= random.uniform(0.5, 2.0, prices[row:].shape)
    other = evaluated(an_evaluator(), blind, grid={"depth": (0.005, 0.02, 0.04)})
    for one, same_window in zip(whole.windows[:3], other.windows[:3], strict=True):
        assert one.parameters == same_window.parameters
        assert one.train_sharpes == same_window.train_sharpes
        assert one.kelly_fraction == same_window.kelly_fraction


def test_what_is_traded_next_was_fitted_on_the_newest_train_months(panel):
    grid = {"depth": (0.005, 0.02, 0.04)}
    evaluator = an_evaluator()
    fitted = evaluated(evaluator, panel, grid=grid).parameters["depth"]
    assert fitted in grid["depth"]
    assert evaluated(evaluator, panel, grid=grid).parameters["depth"] == fitted
    assert evaluated(evaluator, panel).parameters == {
        "depth": 0.01,
        "min_hold_days": 2,
        "max_hold_days": 5,
    }


def test_everything_tried_is_on_record_once(panel):
    trials = MemoryTrials()
    evaluator = an_evaluator(trials=trials)
    result = evaluated(evaluator, panel)
    evaluated(evaluator, panel.until(panel.sessions[-45].item()))
    assert [trial.strategy for trial in trials.trials()] == ["Dips"]
    evaluated(evaluator, panel)
    assert trials.trials()[0].sharpe == pytest.approx(sharpe(result.record.returns))
    evaluated(evaluator, panel, grid={"depth": (0.005, 0.01)})
    # A depth of 0.01 was tried before.
    assert sorted(trial.parameters["depth"] for trial in trials.trials()) == [0.005, 0.01]


def test_a_chosen_universe_is_a_trial_of_its_own(panel):
    trials = MemoryTrials()
    evaluator = an_evaluator(trials=trials)
    whole = sharpe(evaluated(evaluator, panel).record.returns)
    chosen = panel.symbols[:2]
    few = evaluated(evaluator, panel.restricted_to(chosen), universe=chosen)
    assert {trial.sharpe for trial in trials.trials()} == {whole, sharpe(few.record.returns)}
    assert len(trials.trials()) == 2


def test_a_universe_of_every_symbol_is_walked_forward_like_the_whole_market(panel):
    is_missing = np.zeros(panel.close.shape, np.bool_)
    is_missing[5::7, 1] = True
    gappy = replace(
        panel,
        **{
            name: np.where(is_missing, np.nan, getattr(panel, name))
            for name in ("open", "high", "low", "close", "traded_open", "traded_close", "volume")
        },
    )
    listed = np.logical_or.accumulate(np.isfinite(gappy.traded_close), axis=0)
    whole = evaluated(an_evaluator(), replace(gappy, is_member=listed))
    chosen = evaluated(an_evaluator(), gappy.restricted_to(gappy.symbols))
    assert panel.symbols[1] in whole.trades.symbol
    np.testing.assert_array_equal(chosen.trades.exit, whole.trades.exit)
    np.testing.assert_array_equal(chosen.record.returns, whole.record.returns)
