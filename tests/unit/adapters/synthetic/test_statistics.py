"""The generated market looks like a stock market: ten years of two hundred companies."""

import numpy as np
import pytest

from tests.unit.adapters.synthetic.markets import TEN_YEARS_ON, a_market, log_returns

SESSIONS_A_YEAR = 252


@pytest.fixture(scope="module")
def market():
    return a_market(symbols=200, through=TEN_YEARS_ON)


@pytest.fixture(scope="module")
def index_returns(market):
    return np.diff(np.log(market.index.close))


@pytest.fixture(scope="module")
def returns(market):
    every = log_returns(market)
    return every[:, ~np.isnan(every).any(axis=0)]


def autocorrelation(values, *, lag=1):
    return np.corrcoef(values[lag:], values[:-lag])[0, 1]


def test_the_index_moves_ten_to_twenty_five_percent_a_year(index_returns):
    assert 0.10 < index_returns.std() * SESSIONS_A_YEAR**0.5 < 0.25


def test_companies_move_together_but_not_as_one(returns):
    correlations = np.corrcoef(returns.T)
    apart = correlations[~np.eye(len(correlations), dtype=np.bool_)]
    assert 0.15 < apart.mean() < 0.5


def test_companies_of_a_sector_move_together_more_than_others(market, returns):
    whole = ~np.isnan(log_returns(market)).any(axis=0)
    sector = market.companies.sector[whole]
    correlations = np.corrcoef(returns.T)
    same = sector[:, None] == sector
    np.fill_diagonal(same, val=False)
    other = sector[:, None] != sector
    assert correlations[same].mean() > correlations[other].mean() + 0.03


def test_returns_have_fat_tails(returns, index_returns):
    scaled = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    assert ((scaled**4).mean(axis=0) > 3.0).mean() > 0.95
    assert ((index_returns / index_returns.std()) ** 4).mean() > 3.5


def test_volatility_clusters(returns, index_returns):
    assert autocorrelation(np.abs(index_returns)) > 0.1
    assert autocorrelation(np.abs(index_returns), lag=10) > 0.0
    assert np.mean([autocorrelation(np.abs(own)) for own in returns.T]) > 0.03


def test_the_open_gaps_less_than_the_day_moves(market):
    bars, actions = market.bars, market.actions
    ordinary = actions.split[1:] == 1.0
    gap = np.log(bars.open[1:] / bars.close[:-1])[ordinary]
    day = np.log(bars.close[1:] / bars.open[1:])[ordinary]
    assert 0.1 < np.nanvar(gap) / (np.nanvar(gap) + np.nanvar(day)) < 0.5


def test_volume_rises_with_the_size_of_the_move(market):
    every = log_returns(market)
    volume = np.log(market.bars.volume[1:])
    moved = [
        np.corrcoef(np.abs(every[:, owner]), volume[:, owner])[0, 1]
        for owner in np.flatnonzero(~np.isnan(every).any(axis=0))
    ]
    assert np.mean(moved) > 0.2


def test_prices_are_those_of_american_shares(market):
    close = market.bars.close[~np.isnan(market.bars.close)]
    assert np.quantile(close, 0.02) > 5.0
    assert 30.0 < np.median(close) < 120.0
    assert np.quantile(close, 0.999) < 600.0


def test_fear_rises_with_the_volatility_that_follows(market, index_returns):
    vix = market.vix.close[:-21]
    following = np.array(
        [index_returns[start : start + 21].std() for start in range(len(index_returns) - 20)]
    )
    assert market.vix.low.min() > 5.0
    assert market.vix.close.max() > 25.0
    assert np.corrcoef(vix, following)[0, 1] > 0.4


def test_strong_companies_stay_strong_and_fallen_ones_recover_as_planted(market):
    worth = market.bars.close * market.actions.shares
    months = range(252, len(worth) - 22, 21)
    momentum = [
        ranks_agree(worth[t - 21] / worth[t - 252], worth[t + 21] / worth[t]) for t in months
    ]
    reversal = [ranks_agree(worth[t - 3] / worth[t], worth[t + 5] / worth[t]) for t in months]
    assert np.mean(momentum) > 0.0
    assert np.mean(reversal) > 0.02


def ranks_agree(signal, outcome):
    known = ~np.isnan(signal) & ~np.isnan(outcome)
    ranks = [np.argsort(np.argsort(values[known])) for values in (signal, outcome)]
    return np.corrcoef(*ranks)[0, 1]
