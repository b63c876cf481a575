from dataclasses import replace

import numpy as np
import pytest

from alpha_oracle.features import registry as feature_registry
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.breakout import BreakoutStrategy
from alpha_oracle.strategies.mean_reversion import MeanReversionStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy
from tests.builders import a_panel
from tests.forecasts import a_forecast
from tests.unit.research.worlds import a_market

EVERY_STRATEGY = pytest.mark.parametrize(
    "strategy", registry.all(), ids=lambda strategy: strategy.name
)


def _decide(strategy, panel):
    if isinstance(strategy, InformedStrategy):
        strategy = strategy.informed_by(a_forecast(panel))
    features = {
        feature.name: feature.compute(panel).astype(np.float32)
        for feature in feature_registry.named(strategy.features)
    }
    return strategy.decide(panel, features)


def _with_gaps(panel):
    # Some symbols miss sessions, one ends, two leave the universe.
    gone = np.random.default_rng(1).random(panel.close.shape) < 0.01
    gone[350:, 3] = True
    names = ("open", "high", "low", "close", "volume", "traded_open", "traded_close")
    member = panel.is_member.copy()
    member[320:, 5], member[:310, 6] = False, False
    arrays = {name: np.where(gone, np.nan, getattr(panel, name)) for name in names}
    return replace(panel, is_member=member, **arrays)


@pytest.fixture(scope="module")
def panel():
    return _with_gaps(a_panel(symbols=40, sessions=420))


@EVERY_STRATEGY
def test_a_strategy_decides_the_same_when_the_future_is_cut_off(strategy, panel):
    whole = _decide(strategy, panel)
    for row in range(260, len(panel.sessions), 20):
        cut = _decide(strategy, panel.until(panel.sessions[row].item()))
        assert cut.entry.tobytes() == whole.entry[: row + 1].tobytes()
        assert cut.exit.tobytes() == whole.exit[: row + 1].tobytes()


@EVERY_STRATEGY
def test_only_members_with_a_bar_are_entered_and_strength_is_a_fraction(strategy, panel):
    decisions = _decide(strategy, panel)
    wanted = ~np.isnan(decisions.entry)
    assert wanted.any()
    assert panel.is_member[wanted].all()
    assert np.isfinite(panel.traded_close[wanted]).all()
    assert (decisions.entry[wanted] >= 0).all()
    assert (decisions.entry[wanted] <= 1).all()
    # Strength has the digits a signal carries.
    assert (np.round(decisions.entry[wanted], 6) == decisions.entry[wanted]).all()


@EVERY_STRATEGY
def test_what_leaves_the_universe_is_closed(strategy, panel):
    decisions = _decide(strategy, panel)
    assert decisions.exit[~panel.is_member].all()


@EVERY_STRATEGY
def test_no_symbol_is_entered_and_closed_at_once(strategy, panel):
    decisions = _decide(strategy, panel)
    assert not (decisions.exit & (decisions.entry > 0)).any()


def _row(strategy, count, **values):
    """Decisions on one session from feature values, one a symbol."""
    panel = a_market({f"S{number}": [10.0] for number in range(count)})
    features = {name: np.array([row], np.float32) for name, row in values.items()}
    decisions = strategy.decide(panel, features)
    return decisions.entry[0].tolist(), decisions.exit[0].tolist()


def test_momentum_buys_the_strongest_risers_above_their_mean():
    strategy = MomentumStrategy(entry_fraction=0.4, keep_fraction=0.6)
    entry, exits = _row(
        strategy,
        10,
        momentum_12_1=[0.1, 0.9, 0.8, np.nan, 0.6, 0.5, 0.4, 0.3, 0.2, -0.1],
        sma_200_distance=[0.1, 0.1, -0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    )
    # Nine have a value; places are ninths from the top, 0.4 of nine is above the fourth.
    strengths = {1: 1.0, 4: 1 - (2 / 9) / 0.4, 5: 1 - (3 / 9) / 0.4}
    assert [index for index, strength in enumerate(entry) if strength > 0] == [1, 4, 5]
    assert [entry[index] for index in strengths] == pytest.approx(
        list(strengths.values()), abs=1e-6
    )
    # Below its mean, or out of the places kept.
    assert [index for index, wanted in enumerate(exits) if wanted] == [0, 2, 8, 9]


def test_momentum_does_not_buy_the_best_of_a_falling_market():
    entry, _ = _row(MomentumStrategy(), 2, momentum_12_1=[-0.1, -0.2], sma_200_distance=[0.1, 0.1])
    assert np.isnan(entry).all()


def test_mean_reversion_buys_a_deep_pullback_in_an_uptrend():
    entry, exits = _row(
        MeanReversionStrategy(),
        5,
        rsi_2=[2.5, 2.5, 10.0, 2.5, 80.0],
        bollinger_percent_b=[0.05, 0.05, 0.05, 0.5, 0.9],
        sma_200_distance=[0.1, -0.1, 0.1, 0.1, 0.1],
    )
    assert entry[0] == 0.75
    assert np.isnan(entry[1:]).all()
    assert exits == [False, False, False, False, True]


def test_breakout_buys_a_new_high_on_heavy_volume_near_the_years_high():
    entry, exits = _row(
        BreakoutStrategy(),
        6,
        donchian_position_55=[1.1, 1.0, 1.1, 1.1, 1.1, -0.1],
        donchian_position_20=[1.2, 1.0, 1.2, 1.2, 1.2, -0.1],
        distance_52w_high=[-0.01, -0.01, -0.06, -0.01, -0.01, -0.3],
        volume_ratio_20=[2.0, 2.0, 2.0, 1.5, 9.0, 2.0],
    )
    assert [entry[0], entry[4]] == [0.5, 1.0]
    assert np.isnan([entry[1], entry[2], entry[3], entry[5]]).all()
    assert exits == [False, False, False, False, False, True]
