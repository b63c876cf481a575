"""Backtests beside vectorbt and a bare loop: 500 symbols, 2,520 sessions, figures included.

All trade the same decisions, made outside: ours with every live rule on. Jobs of a table run in
turn, each figure is the median of their seconds of CPU, so that what else the machine does falls on
none; its ratios are of medians. Every job has run once before. No time is asserted: the bounds are
printed beside.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pytest

from alpha_oracle.features import engine
from alpha_oracle.features import registry as feature_registry
from alpha_oracle.research.metrics import max_drawdown_pct, performance, sharpe, track_record
from alpha_oracle.research.simulator import (
    FLAT_CAP,
    TradingCosts,
    TradingLimits,
    TradingTerms,
    backtest,
)
from alpha_oracle.research.walk_forward import walk_forward
from alpha_oracle.research.windows import WindowMonths, plan_windows
from alpha_oracle.risk.commissions import IBKR_FIXED
from alpha_oracle.strategies import registry
from tests.benchmarks import backtest_children
from tests.benchmarks.backtest_peers import (
    TOP,
    Peer,
    a_gapless_panel,
    bare_loop,
    crossover,
    momentum,
)
from tests.unit.research.worlds import Holding

pytestmark = pytest.mark.benchmark

SYMBOLS, SESSIONS, REPEATS = 500, 2520, 5
MONTHS = WindowMonths(train=24, test=6, step=3)
ENGINES = ("numba", "rust")
HOLDING = Holding(max_hold_days=63)


def some_terms(*, slots, capital=100_000.0):
    """Every limit on; those of losses wide enough that the account trades to the end."""
    limits = TradingLimits(
        max_position_pct=100.0 / slots,
        max_sector_pct=25.0,
        min_price_usd=5.0,
        max_positions=slots,
        max_trades_per_day=50,
        min_cash_pct=10.0,
        max_drawdown_pct=60.0,
        max_daily_loss_pct=3.0,
    )
    costs = TradingCosts(commission=IBKR_FIXED, slippage_bps=5.0)
    return TradingTerms(capital_usd=capital, limits=limits, costs=costs)


@pytest.fixture(scope="module")
def panel():
    return a_gapless_panel(symbols=SYMBOLS, sessions=SESSIONS)


def ours(decisions, panel, *, terms):
    result = backtest(decisions, panel, strategy=HOLDING, kelly_fraction=FLAT_CAP, terms=terms)
    performance(track_record(result))
    return result


def bare(decisions, panel, *, slots):
    prices = panel.traded_open, panel.traded_close
    equity = bare_loop(*prices, decisions.entry, decisions.exit, slots, 1, len(panel.sessions))
    returns = equity[1:] / equity[:-1] - 1.0
    return sharpe(returns), max_drawdown_pct(returns)


def measured(jobs, *, repeats=REPEATS):
    """Median seconds of CPU of each job."""
    seconds = {name: [] for name in jobs}
    for counted in range(-1, repeats):
        for name, work in jobs.items():
            started = process_time()
            work()
            if counted >= 0:
                seconds[name].append(process_time() - started)
    return {name: median(values) for name, values in seconds.items()}


def show(title, seconds, *, at_least, at_most=None):
    """Print the table; `at_least` is how many times faster than the fastest vectorbt, and so on."""
    lines = [f"\n{title}"]
    for name, taken in seconds.items():
        lines.append(f"  {name:<44}{1e3 * taken:10.1f} ms {taken / seconds['ours']:8.1f} x ours")
    peer = min((one for one in seconds if "vectorbt" in one), key=seconds.__getitem__)
    ratio = seconds[peer] / seconds["ours"]
    lines.append(f"  {peer} / ours: {ratio:.1f} (bound: at least {at_least})")
    ratio = seconds["ours"] / seconds["bare loop"]
    lines.append(f"  ours / bare loop: {ratio:.1f} (bound: at most {at_most or 'none'})")
    print("\n".join(lines))  # noqa: T201 - a benchmark's whole point.


def test_momentum(panel):
    decisions, terms = momentum(panel), some_terms(slots=TOP)
    jobs = {
        "bare loop": lambda: bare(decisions, panel, slots=TOP),
        "ours": lambda: ours(decisions, panel, terms=terms),
    }
    for name in ENGINES:
        peer = Peer(panel=panel, decisions=decisions, engine=name)
        jobs[f"vectorbt {name}, rebalanced to weights"] = peer.rebalanced
        jobs[f"vectorbt {name}, signals"] = peer.signalled
    title = "momentum of 126 sessions, top 20, weekly"
    show(title, measured(jobs), at_least=20, at_most=10)
    assert len(ours(decisions, panel, terms=terms).trades) > SESSIONS / 2


def test_crossover_of_every_symbol(panel):
    decisions, terms = crossover(panel), some_terms(slots=SYMBOLS, capital=10_000_000.0)
    jobs = {
        "bare loop": lambda: bare(decisions, panel, slots=SYMBOLS),
        "ours": lambda: ours(decisions, panel, terms=terms),
    }
    for name in ENGINES:
        peer = Peer(panel=panel, decisions=decisions, engine=name, capital=10_000_000.0)
        jobs[f"vectorbt {name}, one account"] = lambda peer=peer: peer.signalled(size=1 / SYMBOLS)
        jobs[f"vectorbt {name}, an account a symbol"] = peer.alone
    show("crossover of 20 and 50 sessions, every symbol", measured(jobs), at_least=10)
    assert len(ours(decisions, panel, terms=terms).trades) > SYMBOLS


def test_walk_forward(panel):
    strategies, terms = registry.all(), some_terms(slots=TOP)
    wanted = {name for strategy in strategies for name in strategy.features}
    formulas = {one.name: one.formula for one in feature_registry.named(sorted(wanted))}
    features = engine.compute(formulas, panel, dtype=np.float32)
    decided = [strategy.decide(panel, features) for strategy in strategies]
    plan = plan_windows(panel.sessions, MONTHS)

    def walked():
        for strategy, decisions in zip(strategies, decided, strict=True):
            result = walk_forward(decisions, panel, strategy=strategy, terms=terms, plan=plan)
            performance(result.record)

    def bare_walk():
        for decisions in decided:
            own = panel.traded_open, panel.traded_close, decisions.entry, decisions.exit, TOP
            for window in plan.windows:
                bare_loop(*own, window.train_start + 1, window.test_start)
                bare_loop(*own, window.test_start, window.test_stop)

    jobs = {"bare loop": bare_walk, "ours": walked}
    for name in ENGINES:
        peers = [Peer(panel=panel, decisions=one, engine=name) for one in decided]
        jobs[f"vectorbt {name}, window by window"] = lambda peers=peers: [
            peer.walk(plan) for peer in peers
        ]
        jobs[f"vectorbt {name}, all windows at once"] = lambda peers=peers: [
            peer.walk_at_once(plan) for peer in peers
        ]
    title = f"walk-forward, {len(plan.windows)} windows x {len(strategies)} strategies"
    show(title, measured(jobs), at_least=50)
    assert len(plan.windows) > 0


def test_a_symbol_more_costs_as_much_as_the_others():
    seconds = {}
    for count in (SYMBOLS, 6 * SYMBOLS):
        panel = a_gapless_panel(symbols=count, sessions=SESSIONS)
        decisions, terms = crossover(panel), some_terms(slots=count, capital=20_000.0 * count)
        job = {"ours": lambda own=(decisions, panel), t=terms: ours(*own, terms=t)}
        seconds[count] = measured(job)["ours"] / count
    few, many = seconds
    print(  # noqa: T201 - a benchmark's whole point.
        f"\ncost of a symbol at {many:,} over {few}: {seconds[many] / seconds[few]:.2f} (bound 1)"
    )
    assert seconds[few] > 0


def test_the_first_call_and_memory_of_a_fresh_process(tmp_path):
    def lines(what):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-m", backtest_children.__name__, what]
        root = Path(__file__).parents[2]
        done = subprocess.run(
            command, env=environment, cwd=root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    cold, warm, memory = lines("first_call"), lines("first_call"), lines("memory")
    print(f"\ncold cache: {cold}\nwarm cache: {warm}\n{memory}")  # noqa: T201 - See above.
    assert "first call" in warm
