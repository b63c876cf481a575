"""Our replay of a list of orders beside backtrader and vectorbt, on the same bars.

What differs in their rules is aligned in `tests.peers`: both are told to fill at the next open,
sales before purchases, from shared cash, whole orders or none, never short. Bars carry no splits
and dividends, which neither knows. A purchase that cash cannot pay is refused by all three.
"""

from importlib import import_module

import numpy as np
import pytest

from alpha_oracle.research.replay import commission_pct, commission_per_share
from tests.unit.research.listings import replayed, told_fills
from tests.unit.research.worlds import a_market

SESSIONS, SYMBOLS, ORDERS = 120, 6, 400
COSTS = {
    "free": {"per_share": 0.0, "fraction": 0.0, "slippage_fraction": 0.0},
    "a share": {"per_share": 0.01, "fraction": 0.0, "slippage_fraction": 0.0005},
    "percent": {"per_share": 0.0, "fraction": 0.001, "slippage_fraction": 0.002},
}


@pytest.fixture(scope="module")
def traded_by_backtrader():
    """Backtrader, imported where it is used: either peer takes seconds."""
    return import_module("tests.peers.backtrader_replay").traded_by_backtrader


@pytest.fixture(scope="module")
def traded_by_vectorbt():
    """Vectorbt, imported where it is used."""
    return import_module("tests.peers.vectorbt_replay").traded_by_vectorbt


def _market(random, *, gaps):
    shape = (SESSIONS, SYMBOLS)
    drift = np.exp(random.normal(0, 0.03, shape).cumsum(axis=0))
    opens = np.round(random.uniform(10, 200, SYMBOLS) * drift, 2)
    closes = np.round(opens * np.exp(random.normal(0, 0.02, shape)), 2)
    missing = random.random(shape) < gaps
    missing[0] = False
    opens[missing] = closes[missing] = np.nan
    names = [f"S{column}" for column in range(SYMBOLS)]
    return a_market(dict(zip(names, opens.T, strict=True)), dict(zip(names, closes.T, strict=True)))


def _orders(random, market, *, once):
    rows, told = [(0, "S0", 1)], {(0, "S0")}
    while len(rows) < ORDERS:
        row, column = int(random.integers(SESSIONS)), int(random.integers(SYMBOLS))
        place = (row, market.symbols[column])
        has_bar = row + 1 == SESSIONS or np.isfinite(market.traded_open[row + 1, column])
        if has_bar and not (once and place in told):
            told.add(place)
            sign = 1 if random.random() < 0.6 else -1
            rows.append((*place, sign * int(random.integers(1, 60))))
    return rows


def _agree(market, rows, costs, *, peer):
    commission = (
        commission_pct(costs["fraction"] * 100)
        if costs["fraction"]
        else commission_per_share(costs["per_share"])
    )
    ours = replayed(
        market,
        *rows,
        capital=100_000.0,
        commission=commission,
        slippage_bps=costs["slippage_fraction"] * 10_000,
    )
    fills, cash, equity = peer(market, rows, capital=100_000.0, **costs)
    mine, theirs = told_fills(ours, market), sorted(fills)
    # Both kinds of refusal come up, and most orders are filled.
    assert {one.reason.split()[0] for one in ours.refused} == {"sells", "costs", "no"}
    assert len(mine) > ORDERS / 2
    assert [fill[:3] for fill in sorted(mine)] == [fill[:3] for fill in theirs]
    for figure in (3, 4):
        assert [fill[figure] for fill in sorted(mine)] == pytest.approx(
            [fill[figure] for fill in theirs], abs=1e-6
        )
    assert ours.cash == pytest.approx(np.array(cash), abs=1e-6)
    assert ours.equity == pytest.approx(np.array(equity), abs=1e-6)


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_backtrader_books_the_same(seed, costs, traded_by_backtrader):
    """Without gaps in the bars: it would keep a purchase for a later bar."""
    random = np.random.default_rng(seed)
    market = _market(random, gaps=0.0)
    _agree(market, _orders(random, market, once=False), costs, peer=traded_by_backtrader)


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_vectorbt_books_the_same(gaps, costs, traded_by_vectorbt):
    """With an order a symbol and session, and none where a sale would wait: it knows neither."""
    random = np.random.default_rng(3)
    market = _market(random, gaps=gaps)
    _agree(market, _orders(random, market, once=True), costs, peer=traded_by_vectorbt)
