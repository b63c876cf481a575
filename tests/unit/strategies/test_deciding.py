from dataclasses import dataclass

import numpy as np
import pytest

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.base import Decisions, decisions
from alpha_oracle.strategies.deciding import wishes_of
from alpha_oracle.strategies.momentum import MomentumStrategy
from tests.builders import a_panel
from tests.unit.research.worlds import a_market

SHAPE = (3, 2)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A strategy whose rule is given."""

    rule: object
    name: str = "Rule"
    features: tuple[str, ...] = ()
    min_hold_days: int = 2
    max_hold_days: int = 10

    def decide(self, market, features):
        return self.rule(market, features)


def a_small_market():
    return a_market({"A": [10.0] * 3, "B": [20.0, np.nan, 20.0]})


def wishes(*, entry=None, exits=None, short=None):
    """What a rule wants that gives these matrices."""
    entry = np.full(SHAPE, np.nan) if entry is None else entry
    exits = np.zeros(SHAPE, np.bool_) if exits is None else exits
    rule = Rule(rule=lambda *_: Decisions(entry=entry, exit=exits, short=short))
    return wishes_of(rule, a_small_market(), {})


def with_strength(value):
    entry = np.full(SHAPE, np.nan)
    entry[1, 0] = value
    return entry


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(
            {"entry": with_strength(1.5)},
            "Rule wants A on 2016-01-05 with strength 1.5; expected 0 to 1",
            id="above 1",
        ),
        pytest.param({"entry": with_strength(-0.1)}, "strength -0.1", id="below 0"),
        pytest.param({"entry": with_strength(np.inf)}, "strength inf", id="infinite"),
        pytest.param(
            {"entry": np.full((2, 3), np.nan)},
            r"Rule: entry is float64 of shape \(2, 3\); expected float64 of \(3, 2\), sessions x",
            id="shape",
        ),
        pytest.param({"entry": np.ones(SHAPE, np.int64)}, "entry is int64 of", id="whole numbers"),
        pytest.param({"entry": np.full(SHAPE, None)}, "entry is object of", id="objects"),
        pytest.param({"entry": [[0.5] * 2] * 3}, "entry is of type list; expected", id="lists"),
        pytest.param(
            {"entry": np.ma.masked_invalid(np.full(SHAPE, np.nan))},
            "entry is of type MaskedArray",
            id="masked",
        ),
        pytest.param({"exits": np.zeros(SHAPE)}, "exit is float64 of", id="exits as numbers"),
        pytest.param({"exits": np.zeros(3, np.bool_)}, r"expected bool of \(3, 2\)", id="exits"),
        pytest.param(
            {"short": with_strength(1.5)},
            "Rule expects a fall of A on 2016-01-05 with strength 1.5; expected 0 to 1",
            id="a short above 1",
        ),
        pytest.param(
            {"short": np.zeros(SHAPE, np.bool_)}, "short is bool of", id="a short as bool"
        ),
    ],
)
def test_what_is_no_wish_of_the_market_is_refused_by_name(given, message):
    with pytest.raises(ConfigurationError, match=message):
        wishes(**given)


def test_what_is_no_decisions_at_all_is_refused():
    with pytest.raises(ConfigurationError, match=r"Rule.decide returned tuple; expected Decisions"):
        wishes_of(Rule(rule=lambda *_: (1, 2)), a_small_market(), {})


def test_an_error_of_a_rule_names_the_strategy():
    def fail(market, features):
        return features["rsi_2"]

    with pytest.raises(ConfigurationError, match=r"Rule.decide failed with KeyError: 'rsi_2'; me"):
        wishes_of(Rule(rule=fail), a_small_market(), {"rsi_2": np.zeros(SHAPE, np.float32)})


def test_wishes_are_held_to_the_universe_and_rounded_as_signals_are():
    market = a_small_market()
    market.is_member[2, 0] = False
    entry = np.array([[0.12345678, 1.0], [np.nan, 0.5], [0.5, 0.0]], np.float32)
    rule = Rule(rule=lambda *_: Decisions(entry=entry, exit=np.zeros(SHAPE, np.bool_)))
    decided = wishes_of(rule, market, {})
    assert decided.entry.dtype == np.float64
    # B has no bar on the second session, A is no member on the third.
    np.testing.assert_array_equal(decided.entry, [[0.123457, 1.0], [np.nan] * 2, [np.nan, 0.0]])
    assert np.argwhere(decided.exit).tolist() == [[2, 0]]


def test_a_short_closes_and_says_nothing_of_who_is_no_member():
    market = a_small_market()
    market.is_member[2, 0] = False
    short = np.array([[0.12345678, np.nan], [np.nan, 0.75], [0.5, np.nan]])
    nothing = np.full(SHAPE, np.nan), np.zeros(SHAPE, np.bool_)
    rule = Rule(rule=lambda *_: Decisions(entry=nothing[0], exit=nothing[1], short=short))
    decided = wishes_of(rule, market, {})
    np.testing.assert_array_equal(
        decided.short, [[0.123457, np.nan], [np.nan, 0.75], [np.nan, np.nan]]
    )
    assert np.argwhere(decided.exit).tolist() == [[0, 0], [1, 1], [2, 0]]


@pytest.mark.parametrize(
    "overwrite",
    [
        pytest.param(lambda market, _: market.close.fill(1.0), id="bars"),
        pytest.param(lambda market, _: market.is_member.fill(True), id="universe"),
        pytest.param(lambda _, features: features["rsi_2"].fill(0.0), id="features"),
    ],
)
def test_a_rule_cannot_write_to_what_others_read(overwrite):
    with pytest.raises(ConfigurationError, match=r"Rule\.decide failed with ValueError"):
        wishes_of(
            Rule(rule=overwrite, features=("rsi_2",)),
            a_small_market(),
            {"rsi_2": np.ones(SHAPE, np.float32)},
        )


def test_only_the_features_a_strategy_names_are_shown_to_it():
    shown = []

    def note(market, features):
        shown.extend(features)
        return Decisions(entry=np.full(SHAPE, np.nan), exit=np.zeros(SHAPE, np.bool_))

    values = {name: np.ones(SHAPE, np.float32) for name in ("rsi_2", "rsi_14")}
    wishes_of(Rule(rule=note, features=("rsi_14",)), a_small_market(), values)
    assert shown == ["rsi_14"]


def test_what_our_own_rules_decide_is_left_as_it_is():
    panel = a_panel(symbols=6, sessions=300)
    random = np.random.default_rng(3)
    values = {
        name: random.normal(size=panel.close.shape).astype(np.float32)
        for name in MomentumStrategy.features
    }
    own, asked = (
        MomentumStrategy().decide(panel, values),
        wishes_of(MomentumStrategy(), panel, values),
    )
    assert (own.entry > 0).any()
    assert asked.entry.tobytes() == own.entry.tobytes()
    assert asked.exit.tobytes() == own.exit.tobytes()


def test_a_strategy_is_shown_sectors_and_nothing_else_beside_bars():
    market = a_panel(symbols=6, sessions=30)
    assert market.context.vix is not None
    seen = []

    def rule(shown, features):
        seen.append(shown.context)
        return decisions(
            shown,
            wanted=shown.is_member,
            strength=np.full(shown.is_member.shape, 0.5),
            exits=~shown.is_member,
        )

    wishes_of(Rule(rule=rule), market, {})
    np.testing.assert_array_equal(seen[0].sector, market.context.sector)
    assert seen[0].sector_names == market.context.sector_names
    beside = (seen[0].vix, seen[0].spy, seen[0].reports, seen[0].insiders, seen[0].short_interest)
    assert beside == (None,) * 5
