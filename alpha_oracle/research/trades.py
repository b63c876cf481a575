"""Trades in columns: in the order they closed, those still open at the end after them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.research.simulator import BacktestResult


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trades:
    """One entry a trade.

    `paid` and `pnl` are USD, costs and dividends included; `reason` is a place in
    `records.REASONS`.
    """

    symbol: NDArray[np.str_]
    entry: NDArray[np.datetime64]
    exit: NDArray[np.datetime64]
    quantity: NDArray[np.int64]
    paid: NDArray[np.float64]
    pnl: NDArray[np.float64]
    reason: NDArray[np.int64]

    @classmethod
    def of(cls, result: BacktestResult) -> Trades:
        """Return the trades of a run: those that closed, then those still open at its end."""
        trades = result.every_trade
        return cls(
            symbol=np.array(result.symbols, dtype=np.str_)[trades["symbol"]],
            entry=result.sessions[trades["entry"]],
            exit=result.sessions[trades["exit"]],
            quantity=trades["quantity"],
            paid=trades["paid"],
            pnl=trades["pnl"],
            reason=trades["reason"],
        )

    @classmethod
    def joined(cls, parts: Sequence[Trades]) -> Trades:
        """Return trades end to end."""
        return cls(
            **{
                name: np.concatenate([empty, *(getattr(part, name) for part in parts)])
                for name, empty in _EMPTY.items()
            }
        )

    def entered_by(self, session: np.datetime64) -> Trades:
        """Return the trades entered on a session or before it."""
        kept = self.entry <= session
        columns: dict[str, Any] = {
            field.name: getattr(self, field.name)[kept] for field in fields(self)
        }
        return Trades(**columns)


_EMPTY = {
    "symbol": np.empty(0, np.str_),
    "entry": np.empty(0, "datetime64[D]"),
    "exit": np.empty(0, "datetime64[D]"),
    "quantity": np.empty(0, np.int64),
    "paid": np.empty(0, np.float64),
    "pnl": np.empty(0, np.float64),
    "reason": np.empty(0, np.int64),
}
