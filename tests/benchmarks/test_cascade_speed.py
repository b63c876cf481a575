"""The cascade on a gathered snapshot: 20 positions, 50 working orders, every check passed.

No time is asserted: the median and the 99th percentile are printed beside the bound.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from statistics import median, quantiles
from time import perf_counter_ns

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.risk import RiskAction
from alpha_oracle.risk.day_trades import tally_day_trades
from alpha_oracle.risk.exposure import Commitment
from alpha_oracle.risk.pre_trade import PreTradeRiskManager, standard_checks
from tests.trading import (
    COMMISSION,
    STRATEGY,
    WINDOW,
    a_quote,
    an_order,
    an_own_fill,
    bounds,
    facts,
    sum_exposure,
)

pytestmark = pytest.mark.benchmark

RUNS, BOUND_MICROSECONDS = 20_000, 100
HELD = [Symbol(f"HELD{number}") for number in range(20)]
WANTED = [Symbol(f"HELD{number % 20}") for number in range(50)]


def a_full_book():
    symbols = [*HELD, an_order().symbol]
    sectors = {symbol: f"Sector {number % 11}" for number, symbol in enumerate(symbols)}
    prices = dict.fromkeys(symbols, Decimal("100.00"))
    commitments = [
        Commitment(
            order_id=f"working-{number}",
            strategy="BreakoutStrategy",
            symbol=symbol,
            side=Side.SELL if number % 2 else Side.BUY,
            quantity=1,
            price=Decimal("100.01"),
        )
        for number, symbol in enumerate(WANTED)
    ]
    lots = {(STRATEGY, symbol): 20 for symbol in HELD}
    exposure = sum_exposure(
        lots, commitments, prices=prices, sectors=sectors, commission=COMMISSION
    )
    fills = [an_own_fill(f"{4 + n % 5} 15:{n:02} BUY o{n}", symbol=HELD[n % 20]) for n in range(50)]
    return facts(
        exposure=exposure,
        prices=prices,
        sectors=sectors,
        adv_shares=dict.fromkeys(symbols, 1_000_000),
        quotes={symbol: a_quote(symbol=symbol) for symbol in symbols},
        cash_usd=Decimal(60_000),
        maintenance_margin_usd=Decimal(10_000),
        trades_today=40,
        day_trades=tally_day_trades(fills, window=WINDOW),
        sent_order_ids={f"working-{number}" for number in range(50)},
    )


def test_the_cascade_on_a_full_book():
    manager = PreTradeRiskManager(standard_checks(bounds(max_positions=21)))
    order, book = an_order(), a_full_book()
    assert manager.check_pre_trade(order, book).action is RiskAction.APPROVE

    times = []
    for _ in range(RUNS):
        start = perf_counter_ns()
        manager.check_pre_trade(order, book)
        times.append((perf_counter_ns() - start) / 1000)

    sys.stdout.write(
        f"\ncascade, {len(manager.checks)} checks: p50 {median(times):.1f} us, "
        f"p99 {quantiles(times, n=100)[98]:.1f} us; bound of the median {BOUND_MICROSECONDS} us\n"
    )
