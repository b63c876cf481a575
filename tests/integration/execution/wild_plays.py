"""Small markets in which everything happens at once: splits, jumps, missing bars, tight limits."""

from __future__ import annotations

import numpy as np

from alpha_oracle.strategies.base import Decisions
from tests.integration.execution.plays import Play
from tests.unit.research.worlds import Holding, a_market

SESSIONS = 40
PRICES = (6.0, 20.0, 80.0, 400.0, 1_500.0)
RATIOS = (2.0, 3.0, 1.5, 0.5, 1 / 3, 0.1)
SECTORS = {"AAA": "Energy", "BBB": "Energy", "CCC": "Utilities", "DDD": "Utilities", "EEE": "Media"}


def a_wild_play(seed, *, missing=0.0):
    """Two months whose prices, actions, wishes and limits are drawn.

    `missing` is the share of the bars that are.
    """
    random = np.random.default_rng(seed)
    market = _market(random, missing)
    shape = market.traded_open.shape
    wanted = (random.random(shape) < 0.4) & np.isfinite(market.traded_close)
    strengths = random.choice([0.25, 0.5, 1.0], shape)
    shortest = int(random.integers(2, 5))
    return Play(
        market=market,
        decisions=Decisions(
            entry=np.where(wanted, strengths, np.nan), exit=random.random(shape) < 0.2
        ),
        strategy=Holding(
            min_hold_days=shortest, max_hold_days=shortest + int(random.integers(0, 6))
        ),
        win_rate=float(random.choice([0.4, 0.55, 0.6])),
        avg_win_loss_ratio=float(random.choice([1.6, 2.0])),
        limits=_limits(random),
    )


def _market(random, missing):
    shape = (SESSIONS, len(SECTORS))
    opens = np.exp(np.cumsum(random.normal(0.0, 0.02, shape), axis=0)) * random.choice(
        PRICES, len(SECTORS)
    )
    closes = opens * np.exp(random.normal(0.0, 0.02, shape))
    splits, dividends = [], []
    for column, symbol in enumerate(SECTORS):
        for row in np.flatnonzero(random.random(SESSIONS) < 0.04).tolist():
            ratio = float(random.choice(RATIOS))
            splits.append((row, symbol, ratio))
            opens[row:, column] /= ratio
            closes[row:, column] /= ratio
        dividends += [
            (row, symbol, round(float(opens[row, column]) / 100, 4))
            for row in np.flatnonzero(random.random(SESSIONS) < 0.05).tolist()
        ]
    opens, closes = opens.round(2).clip(0.5), closes.round(2).clip(0.5)
    gone = random.random(shape) < missing
    opens[gone] = closes[gone] = np.nan
    return a_market(
        dict(zip(SECTORS, opens.T, strict=True)),
        dict(zip(SECTORS, closes.T, strict=True)),
        splits=splits,
        dividends=dividends,
        sectors=SECTORS,
    )


def _limits(random):
    drawn = {
        "max_position_pct": (5, 20, 40),
        "max_sector_pct": (25, 50, 100),
        "max_positions": (2, 4, 20),
        "max_trades_per_day": (1, 3, 50),
        "max_drawdown_pct": (10, 30),
        "max_daily_loss_pct": (1, 3, 50),
        "min_cash_pct": (0, 10),
    }
    return {name: int(random.choice(choices)) for name, choices in drawn.items()}


def lacked_a_price(play, record, session):
    """Whether something held into a session had no bar on it, or none on the one before."""
    row, market = play.days.index(session), play.market
    held = {}
    for fill in record.fills:
        if fill.session < session:
            # A lot is sold whole: whatever a split made of it.
            held[fill.symbol] = fill.quantity > 0
    return any(
        np.isnan(market.traded_open[row, column]) or np.isnan(market.traded_close[row - 1, column])
        for column, symbol in enumerate(market.symbols)
        if held.get(symbol)
    )
