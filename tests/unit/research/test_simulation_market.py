"""What an order moves the price by, from the volume and volatility known at the close before."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from alpha_oracle.research.simulation.market import impact_by_root_share, simulated_market
from alpha_oracle.research.simulator import FLAT_CAP, TradingCosts, backtest
from alpha_oracle.risk.commissions import FREE
from tests.unit.research.worlds import Holding, a_market, some_decisions, some_terms

# Up and down by 2 % in turn: a daily volatility of 2 %, about its mean of 0.
ZIGZAG = 100.0 * np.cumprod([1.0, *[1.02, 0.98] * 15])
VOLATILITY = 0.02


def _market(*, volume, split_at=None):
    market = a_market({"AAA": ZIGZAG})
    market.volume[:] = volume
    if split_at is not None:
        market.split[split_at] = 4.0
    return market


def _bought(market, *, capital):
    costs = TradingCosts(commission=FREE, slippage_bps=10.0, impact=0.5)
    result = backtest(
        some_decisions(market, entries=[(25, "AAA", 1.0)]),
        market,
        strategy=Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=capital, cap=40, costs=costs),
    )
    [fill] = result.fills.tolist()
    return fill[2], fill[3] / market.traded_open[26, 0] - 1.0


def test_an_order_gives_away_the_root_of_its_share_of_the_daily_volume():
    quantity, given = _bought(_market(volume=10_000.0), capital=100_000.0)
    assert quantity == 402  # 40,000 / (100 x 0.9996 ** 13) = 402.09.
    # 10 bps + 0.5 x 2 % x root of 402 in 10,000.
    assert given == pytest.approx(0.001 + 0.5 * VOLATILITY * sqrt(quantity / 10_000), rel=1e-6)


def test_volume_before_a_split_counts_in_the_shares_of_today():
    # The panel's volume is in shares of the first bar: 10,000 of them are 40,000 of today.
    plain = impact_by_root_share(_market(volume=10_000.0), 0.5)
    split = impact_by_root_share(_market(volume=10_000.0, split_at=20), 0.5)
    assert split[25, 0] == pytest.approx(plain[25, 0] / sqrt(4.0))
    assert split[19, 0] == plain[19, 0]


def test_on_the_morning_of_a_split_an_order_is_measured_in_the_shares_before_it():
    quantity, given = _bought(_market(volume=10_000.0, split_at=26), capital=100_000.0)
    assert given == pytest.approx(0.001 + 0.5 * VOLATILITY * sqrt(quantity / 4 / 10_000), rel=1e-6)


def test_impact_is_unknown_before_half_the_window_and_without_volume():
    impact = impact_by_root_share(_market(volume=10_000.0), 0.5)
    # The first return is that of the second bar.
    assert np.isnan(impact[:10]).all()
    assert np.isfinite(impact[10:]).all()
    assert np.isnan(impact_by_root_share(_market(volume=0.0), 0.5)).all()


def test_a_bar_without_volume_is_no_trade_and_marks_all_the_same():
    market = _market(volume=10_000.0)
    still = replace(market, volume=np.where(np.arange(31)[:, None] == 7, 0.0, market.volume))
    laid_out = simulated_market(still, impact=0.0)
    assert np.isnan(laid_out.open[:, 0]).nonzero()[0].tolist() == [7]
    assert laid_out.close[7, 0] == ZIGZAG[7]
