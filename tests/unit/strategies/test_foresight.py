from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest

from alpha_oracle.features import registry as feature_registry
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.base import decisions
from alpha_oracle.strategies.foresight import check_honesty
from tests.builders import a_panel


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A strategy that buys where a matrix made of the closes is above 0."""

    made: object
    name: str = "Rule"
    features: tuple[str, ...] = ()
    min_hold_days: int = 2
    max_hold_days: int = 10

    def decide(self, market, features):
        made = self.made(market.close)
        wanted = made > 0
        return decisions(
            market, wanted=wanted, strength=np.where(wanted, 0.5, np.nan), exits=made < 0
        )


def change(close, *, ahead):
    """The change of the closes from each session to the one `ahead` of it."""
    moved = np.full_like(close, np.nan)
    if ahead > 0:
        moved[:-ahead] = close[ahead:] - close[:-ahead]
    else:
        moved[-ahead:] = close[-ahead:] - close[:ahead]
    return moved


@pytest.fixture(scope="module")
def panel():
    return a_panel(symbols=8, sessions=300)


def check(rule, panel):
    return check_honesty(Rule(made=rule), panel, {})


def test_a_rule_that_looks_back_is_honest(panel):
    found = check(lambda close: change(close, ahead=-5), panel)
    assert found.is_honest
    assert found.foresight is None
    assert found.entries > 100
    assert found.cuts >= 20


def test_a_rule_that_looks_a_session_ahead_is_told_where(panel):
    found = check(lambda close: change(close, ahead=1), panel)
    assert not found.is_honest
    seen = found.foresight
    # The newest session cut at; its wish was made of the session after it.
    assert seen.session == seen.known_to
    row = panel.sessions.tolist().index(seen.session)
    column = panel.symbols.index(seen.symbol)
    assert panel.close[row + 1, column] != panel.close[row, column]


def test_a_rule_that_weighs_by_the_whole_history_is_found_out(panel):
    found = check(lambda close: close - np.nanmean(close, axis=0), panel)
    assert found.foresight is not None


def test_a_rule_that_sells_by_what_comes_is_found_out(panel):
    def sell_before_a_fall(close):
        return np.minimum(change(close, ahead=3), 0.0)

    found = check(sell_before_a_fall, panel)
    assert found.entries == 0
    assert found.foresight is not None


def test_a_rule_whose_doubts_come_from_the_future_is_found_out(panel):
    @dataclass(frozen=True, kw_only=True)
    class Doubter(Rule):
        def decide(self, market, features):
            falls = change(market.close, ahead=1) < 0
            nothing = np.zeros(falls.shape, np.bool_)
            return decisions(
                market,
                wanted=nothing,
                strength=market.close,
                exits=~nothing,
                short=np.where(falls, 0.5, np.nan),
            )

    assert check_honesty(Doubter(made=None), panel, {}).foresight is not None


def test_a_rule_that_draws_lots_is_not_repeatable(panel):
    seeds = count()
    found = check(lambda close: np.random.default_rng(next(seeds)).normal(size=close.shape), panel)
    assert (found.is_repeatable, found.is_honest, found.cuts) == (False, False, 0)


@pytest.mark.parametrize("strategy", registry.all(), ids=lambda strategy: strategy.name)
def test_our_own_rules_are_honest(strategy, panel):
    values = {
        feature.name: feature.compute(panel).astype(np.float32)
        for feature in feature_registry.named(strategy.features)
    }
    assert check_honesty(strategy, panel, values).is_honest


def test_a_market_of_one_session_has_no_future_to_cut(panel):
    found = check(lambda close: close, panel.until(panel.sessions[0].item()))
    assert (found.cuts, found.is_honest) == (0, True)
