import numpy as np
import pytest

from alpha_oracle.bootstrap.strategies import check_strategy
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.simulator import FLAT_CAP, backtest
from alpha_oracle.strategies.base import InformedStrategy
from alpha_oracle.strategies.deciding import wishes_of
from alpha_oracle.strategies.ml_signal import MLSignalStrategy
from alpha_oracle.strategies.momentum import MomentumStrategy
from alpha_oracle.strategies.parameters import parameters_of, settings_of, with_parameters
from tests.forecasts import a_forecast, some_forecast
from tests.unit.research.worlds import a_market, some_terms

SURE_RISE, SURE_FALL, CALM = (0.1, 0.2, 0.7), (0.6, 0.3, 0.1), (0.1, 0.8, 0.1)


def a_small_market(sessions=1, symbols=4):
    return a_market({f"S{number}": [10.0] * sessions for number in range(symbols)})


def wishes(*rows, market=None, **parameters):
    """What the strategy wants by the forecasts of each session, one a symbol."""
    strategy = MLSignalStrategy(**parameters).informed_by(some_forecast(rows))
    return wishes_of(strategy, market or a_small_market(len(rows), len(rows[0])), {})


def test_a_sure_rise_is_bought_and_a_sure_fall_closes_with_its_probability_as_strength():
    decided = wishes((SURE_RISE, SURE_FALL, CALM, None))
    np.testing.assert_array_equal(decided.entry, [[0.7, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(decided.short, [[np.nan, 0.6, np.nan, np.nan]])
    assert decided.exit.tolist() == [[False, True, False, False]]


def test_below_the_threshold_nothing_is_wanted_and_on_it_it_is():
    # As float32, 0.7 lies below 0.7.
    rows = ((0.1, 0.2, 0.7), (0.1, 0.21, 0.69), (0.7, 0.2, 0.1), (0.69, 0.21, 0.1))
    decided = wishes(rows, confidence_threshold=0.7)
    np.testing.assert_array_equal(decided.entry, [[0.7, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(decided.short, [[np.nan, np.nan, 0.7, np.nan]])


def test_only_the_likeliest_class_counts_however_low_the_threshold():
    decided = wishes(((0.3, 0.4, 0.3), (0.5, 0.0, 0.5)), confidence_threshold=0.0)
    assert np.isnan(decided.entry).all()
    # Of two equal classes the lower one is forecast: to sell is the careful side.
    np.testing.assert_array_equal(decided.short, [[np.nan, 0.5]])


def test_without_a_forecast_only_what_leaves_the_universe_is_closed():
    market = a_small_market(2)
    market.is_member[1, 2] = False
    decided = wishes_of(MLSignalStrategy(), market, {})
    assert np.isnan(decided.entry).all()
    assert np.argwhere(decided.exit).tolist() == [[1, 2]]


def test_what_leaves_the_universe_is_closed_whatever_is_forecast():
    market = a_small_market(1)
    market.is_member[0, :2] = False
    decided = wishes((SURE_RISE, SURE_FALL, CALM, None), market=market)
    assert np.isnan(decided.entry).all()
    assert np.isnan(decided.short).all()
    assert decided.exit.tolist() == [[True, True, False, False]]


def test_a_forecast_of_another_market_is_refused():
    strategy = MLSignalStrategy().informed_by(a_forecast(a_small_market(3)))
    with pytest.raises(ConfigurationError, match=r"the forecast is of \(3, 4\) and the market of"):
        wishes_of(strategy, a_small_market(2), {})


def test_the_forecast_is_no_parameter_and_stays_when_one_is_set():
    strategy = MLSignalStrategy().informed_by(a_forecast(a_small_market()))
    assert parameters_of(strategy) == {"confidence_threshold": 0.55}
    assert settings_of(strategy) == {
        "confidence_threshold": 0.55,
        "min_hold_days": 3,
        "max_hold_days": 10,
    }
    assert with_parameters(strategy, confidence_threshold=0.6).forecast is strategy.forecast


@pytest.mark.parametrize("threshold", [-0.1, 55.0])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(ConfigurationError, match="it is a probability, give 0 to 1"):
        with_parameters(MLSignalStrategy(), confidence_threshold=threshold)


def test_it_is_told_from_a_rule_by_what_informs_it():
    assert isinstance(MLSignalStrategy(), InformedStrategy)
    assert not isinstance(MomentumStrategy(), InformedStrategy)


def test_a_lot_is_held_until_a_fall_is_forecast_and_three_sessions_at_the_least():
    # Bought on the second session, sold where the fall forecast at the close before is old enough.
    rows = [(SURE_RISE,), (SURE_FALL,), (CALM,), (SURE_FALL,), (CALM,), (CALM,)]
    market = a_market({"A": [10.0, 10.0, 11.0, 12.0, 13.0, 14.0]})
    strategy = MLSignalStrategy().informed_by(some_forecast(rows))
    decided = wishes_of(strategy, market, {})
    run = backtest(decided, market, strategy=strategy, kelly_fraction=FLAT_CAP, terms=some_terms())
    trade = run.trades[0]
    assert (trade["entry"], trade["exit"]) == (1, 4)


def test_looking_for_foresight_is_refused_with_what_shows_it_instead():
    with pytest.raises(ConfigurationError, match=r"forecasts of a model alone.* --walk-forward`"):
        check_strategy("MLSignalStrategy")
