"""Walk-forward of every strategy beside a bare loop without any of the rules of money."""

from __future__ import annotations

from time import perf_counter

import numba
import numpy as np
import pytest

from alpha_oracle.features import engine
from alpha_oracle.features import registry as feature_registry
from alpha_oracle.research.metrics import performance
from alpha_oracle.research.simulator import TradingCosts, TradingLimits, TradingTerms
from alpha_oracle.research.walk_forward import walk_forward
from alpha_oracle.research.windows import WindowMonths, plan_windows
from alpha_oracle.risk.commissions import IBKR_FIXED
from alpha_oracle.strategies import registry
from tests.builders import a_panel

SYMBOLS, SESSIONS, SLOTS, REPEATS = 500, 2520, 20, 5
MONTHS = WindowMonths(train=24, test=6, step=3)
TERMS = TradingTerms(
    capital_usd=100_000.0,
    limits=TradingLimits(
        max_position_pct=5.0,
        max_sector_pct=25.0,
        min_price_usd=5.0,
        max_positions=SLOTS,
        max_trades_per_day=50,
        min_cash_pct=10.0,
        max_drawdown_pct=10.0,
        max_daily_loss_pct=3.0,
    ),
    costs=TradingCosts(commission=IBKR_FIXED, slippage_bps=5.0),
)


@numba.njit(cache=True)
def _bare_loop(opens, closes, entry, exit_, span):
    # Fractional shares of equal notional: no limits, costs, actions, gaps or order of work.
    start, stop = span
    cash, equity = 1.0, np.empty(stop - start)
    shares, held, count = np.zeros(SLOTS), np.zeros(SLOTS, np.int64), 0
    owned = np.zeros(opens.shape[1], np.bool_)
    for session in range(start, stop):
        for slot in range(count - 1, -1, -1):
            if exit_[session - 1, held[slot]]:
                cash += shares[slot] * opens[session, held[slot]]
                owned[held[slot]] = False
                count -= 1
                held[slot], shares[slot] = held[count], shares[count]
        if count < SLOTS:
            for symbol in range(opens.shape[1]):
                if entry[session - 1, symbol] > 0.0 and not owned[symbol] and count < SLOTS:
                    spent = cash / (SLOTS - count)
                    held[count], shares[count] = symbol, spent / opens[session, symbol]
                    cash -= spent
                    owned[symbol] = True
                    count += 1
        value = cash
        for slot in range(count):
            value += shares[slot] * closes[session, held[slot]]
        equity[session - start] = value
    return equity


def _best_of(run):
    times = []
    for _ in range(REPEATS):
        started = perf_counter()
        run()
        times.append(perf_counter() - started)
    return min(times)


@pytest.mark.benchmark
def test_walk_forward_of_every_strategy_beside_a_bare_loop():
    market = a_panel(symbols=SYMBOLS, sessions=SESSIONS)
    strategies = registry.all()
    wanted = {name for strategy in strategies for name in strategy.features}
    formulas = {one.name: one.formula for one in feature_registry.named(sorted(wanted))}
    features = engine.compute(formulas, market, dtype=np.float32)
    plan = plan_windows(market.sessions, MONTHS)

    def decide():
        return [strategy.decide(market, features) for strategy in strategies]

    decided = decide()

    def whole():
        for strategy, decisions in zip(strategies, decided, strict=True):
            result = walk_forward(decisions, market, strategy=strategy, terms=TERMS, plan=plan)
            performance(result.record)

    def bare():
        for decisions in decided:
            for window in plan.windows:
                for span in (
                    (window.train_start + 1, window.test_start),
                    (window.test_start, window.test_stop),
                ):
                    _bare_loop(
                        market.traded_open,
                        market.traded_close,
                        decisions.entry,
                        decisions.exit,
                        span,
                    )

    started = perf_counter()
    whole()
    first = perf_counter() - started
    bare()
    walked, alone, deciding = _best_of(whole), _best_of(bare), _best_of(decide)
    print(  # noqa: T201 - A benchmark's product is its line.
        f"\nwalk-forward, {len(plan.windows)} windows x {len(strategies)} strategies, "
        f"{SYMBOLS} x {SESSIONS}: {walked:.3f} s (first call {first:.2f} s), "
        f"bare loop {alone:.3f} s, ratio {walked / alone:.1f}; deciding {deciding:.3f} s"
    )
    assert len(plan.windows) > 0
