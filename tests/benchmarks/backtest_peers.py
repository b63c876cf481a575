"""What backtests are timed beside: a bare loop, vectorbt, and the market they all trade.

Signals are decided outside on every side, at a close, and trade at the next open. The market has no
gaps, splits or dividends: the peers know none.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
import pandas as pd

from alpha_oracle.domain.market import Symbol
from alpha_oracle.features.panel import MarketPanel
from alpha_oracle.research.metrics import kelly_inputs, win_statistics
from alpha_oracle.risk.sizing import half_kelly
from alpha_oracle.strategies.base import Decisions
from tests.builders import sessions_from
from tests.contexts import a_whole_context

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vectorbt

CAP, FEES, SLIPPAGE = 0.05, 0.0001, 0.0005
MOMENTUM_SESSIONS, TOP, REBALANCE_SESSIONS = 126, 20, 5
FAST_SESSIONS, SLOW_SESSIONS = 20, 50


def a_gapless_panel(*, symbols, sessions):
    """Random walks around a common one, sectors on record."""
    random = np.random.default_rng(7)
    shape = (sessions, symbols)
    steps = random.normal(0.0004, 0.004, (sessions, 1)) + random.normal(0.0, 0.012, shape)
    closes = random.uniform(20.0, 200.0, symbols) * np.exp(np.cumsum(steps, axis=0))
    opens = closes * np.exp(random.normal(0.0, 0.004, shape))
    return MarketPanel(
        sessions=np.array(sessions_from(count=sessions), "datetime64[D]"),
        symbols=tuple(Symbol(f"S{number:04d}") for number in range(symbols)),
        open=opens,
        high=np.maximum(opens, closes) * 1.003,
        low=np.minimum(opens, closes) * 0.997,
        close=closes,
        volume=random.lognormal(13.0, 0.6, shape),
        traded_open=opens,
        traded_close=closes,
        split=np.ones(shape),
        dividend=np.zeros(shape),
        is_member=np.ones(shape, np.bool_),
        context=a_whole_context(symbols=symbols, sessions=sessions),
    )


def momentum(panel):
    """The 20 that rose most over 126 sessions, each week; what has left them is sold."""
    entry, exit_ = np.full(panel.close.shape, np.nan), np.zeros(panel.close.shape, np.bool_)
    for session in range(MOMENTUM_SESSIONS, len(panel.close), REBALANCE_SESSIONS):
        rise = panel.close[session] / panel.close[session - MOMENTUM_SESSIONS]
        best = np.argsort(-rise, kind="stable")[:TOP]
        entry[session, best] = 1.0 - np.arange(TOP) / TOP
        exit_[session] = True
        exit_[session, best] = False
    return Decisions(entry=entry, exit=exit_)


def crossover(panel):
    """In where the mean of 20 closes has crossed that of 50 upwards, out where downwards."""
    sums = np.cumsum(panel.close, axis=0)
    fast, slow = (
        (sums[SLOW_SESSIONS:] - sums[SLOW_SESSIONS - length : -length]) / length
        for length in (FAST_SESSIONS, SLOW_SESSIONS)
    )
    is_above = np.zeros(panel.close.shape, np.bool_)
    is_above[SLOW_SESSIONS:] = fast > slow
    before = np.vstack([is_above[:1], is_above[:-1]])
    entry = np.where(is_above & ~before, 1.0, np.nan)
    entry[SLOW_SESSIONS] = np.nan
    return Decisions(entry=entry, exit=before & ~is_above)


@numba.njit
def bare_loop(opens, closes, entry, exit_, slots, first, stop):  # noqa: PLR0917 - Compiled.
    """Equity of equal parts in fractional shares, without limits, costs, actions or gaps."""
    cash, equity = 1.0, np.empty(stop - first)
    shares, held, count = np.zeros(slots), np.zeros(slots, np.int64), 0
    owned = np.zeros(opens.shape[1], np.bool_)
    for session in range(first, stop):
        for slot in range(count - 1, -1, -1):
            if exit_[session - 1, held[slot]]:
                cash += shares[slot] * opens[session, held[slot]]
                owned[held[slot]] = False
                count -= 1
                held[slot], shares[slot] = held[count], shares[count]
        if count < slots:
            for symbol in range(opens.shape[1]):
                if entry[session - 1, symbol] > 0.0 and not owned[symbol] and count < slots:
                    spent = cash / (slots - count)
                    held[count], shares[count] = symbol, spent / opens[session, symbol]
                    cash -= spent
                    owned[symbol] = True
                    count += 1
        value = cash
        for slot in range(count):
            value += shares[slot] * closes[session, held[slot]]
        equity[session - first] = value
    return equity


@dataclass(frozen=True)
class Peer:
    """Decisions on a panel in vectorbt's terms, laid out before the clock runs."""

    panel: MarketPanel
    decisions: Decisions
    engine: str
    capital: float = 100_000.0

    @cached_property
    def closes(self):
        return pd.DataFrame(self.panel.close)

    @cached_property
    def entries(self):
        return _next_session(self.decisions.entry > 0.0)

    @cached_property
    def exits(self):
        return _next_session(self.decisions.exit)

    @cached_property
    def weights(self):
        """Target parts of equity: equal on a rebalance, untouched between."""
        wanted = np.where(self.entries, CAP, 0.0)
        return np.where(self.entries.any(axis=1, keepdims=True), wanted, np.nan)

    def rebalanced(self):
        """Every holding brought to its target weight, whole shares, in one account."""
        return figures(
            vectorbt.Portfolio.from_orders(
                self.closes,
                self.weights,
                size_type="targetpercent",
                size_granularity=1,
                call_seq="auto",
                **self._account(self.panel.open),
            )
        )

    def signalled(self, *, size=CAP):
        """Signals in one account, each entry a part of its capital."""
        return figures(self._trade(slice(None), size))

    def alone(self):
        """Signals of every symbol in an account of its own, as vectorbt does by default."""
        kept = self._account(self.panel.open) | {"cash_sharing": False, "group_by": False}
        return figures(
            vectorbt.Portfolio.from_signals(self.closes, self.entries, self.exits, **kept)
        )

    def walk(self, plan):
        """Train and test every window by itself; returns out of sample, by window."""
        return [self._test(window) for window in plan.windows]

    def walk_at_once(self, plan):
        """The same with a group of columns for each window: two calls in all."""
        trains = [(window.train_start, window.test_start) for window in plan.windows]
        tests = [(window.test_start - 1, window.test_stop) for window in plan.windows]
        learned = self._trade_wide(trains, np.full(len(trains), CAP))
        trades = learned.trades.records_arr
        of_window = trades["col"] // len(self.panel.symbols)
        sizes = np.array([_kelly(trades["pnl"][of_window == one]) for one in range(len(trains))])
        return self._trade_wide(tests, sizes).returns().to_numpy()

    def _test(self, window):
        train = self._trade(slice(window.train_start, window.test_start), CAP)
        size = _kelly(train.trades.records_arr["pnl"])
        return self._trade(slice(window.test_start - 1, window.test_stop), size).returns()

    def _trade(self, rows, size):
        return vectorbt.Portfolio.from_signals(
            self.closes.iloc[rows],
            self.entries[rows],
            self.exits[rows],
            size=size * self.capital,
            size_type="value",
            **self._account(self.panel.open[rows]),
        )

    def _trade_wide(self, spans, sizes):
        # A shorter window stands still on its last session up to the length of the longest.
        length = max(stop - first for first, stop in spans)
        rows = [np.minimum(np.arange(first, first + length), stop - 1) for first, stop in spans]
        inside = [np.arange(length) < stop - first for first, stop in spans]
        names = len(self.panel.symbols)

        def wide(values):
            return np.hstack([values[own] for own in rows])

        counts = np.repeat(np.array(inside).T, names, axis=1)
        account = self._account(wide(self.panel.open))
        account["group_by"] = np.repeat(np.arange(len(spans)), names)
        return vectorbt.Portfolio.from_signals(
            pd.DataFrame(wide(self.panel.close)),
            wide(self.entries) & counts,
            wide(self.exits) & counts,
            size=np.repeat(sizes * self.capital, names)[None],
            size_type="value",
            **account,
        )

    def _account(self, opens):
        return {
            "price": opens,
            "fees": FEES,
            "slippage": SLIPPAGE,
            "init_cash": self.capital,
            "cash_sharing": True,
            "group_by": True,
            "freq": "D",
            "engine": self.engine,
        }


def figures(portfolio):
    """The figures of `metrics.performance` that vectorbt has."""
    trades = portfolio.trades
    return (
        portfolio.total_return(),
        portfolio.sharpe_ratio(),
        portfolio.sortino_ratio(),
        portfolio.max_drawdown(),
        trades.count(),
        trades.win_rate(),
        trades.profit_factor(),
        trades.winning.pnl.mean(),
        trades.losing.pnl.mean(),
    )


def _next_session(values):
    return np.vstack([np.zeros_like(values[:1]), values[:-1]])


def _kelly(profits):
    fraction = half_kelly(*kelly_inputs(*win_statistics(profits)))
    return min(max(fraction, 0.0), CAP)
