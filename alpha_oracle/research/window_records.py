"""Test windows as they are kept on record, and back."""

from __future__ import annotations

import numpy as np

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.walk_forward import WindowRecord, WindowTrade
from alpha_oracle.research.metrics import TrackRecord
from alpha_oracle.research.trades import Trades
from alpha_oracle.research.walk_forward import WindowTest


def recorded(test: WindowTest, *, key: str, strategy: str) -> WindowRecord:
    """Return a test window as it is kept."""
    record, trades = test.record, test.trades
    columns = (
        trades.symbol, trades.entry, trades.exit, trades.quantity, trades.paid, trades.pnl,
        trades.reason,
    )  # fmt: skip
    return WindowRecord(
        key=key,
        strategy=strategy,
        outcome=test.outcome,
        sessions=tuple(record.sessions.tolist()),
        returns=tuple(record.returns.tolist()),
        exposure=tuple(record.exposure.tolist()),
        traded=tuple(record.traded.tolist()),
        costs_usd=tuple(record.costs.tolist()),
        halted_by=tuple(test.halted_by.tolist()),
        trades=tuple(
            WindowTrade(
                symbol=Symbol(symbol),
                entry=entry,
                exit=end,
                quantity=quantity,
                paid_usd=paid,
                pnl_usd=pnl,
                reason=reason,
            )
            for symbol, entry, end, quantity, paid, pnl, reason in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ),
        refused=tuple(test.refused.tolist()),
    )


def read_back(record: WindowRecord) -> WindowTest:
    """Return a test window from its record."""
    trades = _trades(record.trades)
    return WindowTest(
        outcome=record.outcome,
        record=TrackRecord(
            sessions=np.array(record.sessions, "datetime64[D]"),
            returns=np.array(record.returns, np.float64),
            exposure=np.array(record.exposure, np.float64),
            traded=np.array(record.traded, np.float64),
            costs=np.array(record.costs_usd, np.float64),
            profits=trades.pnl,
        ),
        trades=trades,
        halted_by=np.array(record.halted_by, np.int64),
        refused=np.array(record.refused, np.int64),
    )


def _trades(trades: tuple[WindowTrade, ...]) -> Trades:
    return Trades(
        symbol=np.array([trade.symbol for trade in trades], np.str_),
        entry=np.array([trade.entry for trade in trades], "datetime64[D]"),
        exit=np.array([trade.exit for trade in trades], "datetime64[D]"),
        quantity=np.array([trade.quantity for trade in trades], np.int64),
        paid=np.array([trade.paid_usd for trade in trades], np.float64),
        pnl=np.array([trade.pnl_usd for trade in trades], np.float64),
        reason=np.array([trade.reason for trade in trades], np.int64),
    )
