"""Short interest: how many shares of each symbol were sold short on a settlement date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - construction compares them.
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import RefusedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortPosition:
    """A symbol's short interest. Shares are as counted on the settlement date.

    `average_daily_volume` is the source's, None where it gave none. `known_at` is the open of the
    session after dissemination.
    """

    symbol: Symbol
    settlement_date: date
    shares_short: float
    average_daily_volume: float | None
    known_at: datetime

    def __post_init__(self) -> None:
        volume = self.average_daily_volume
        if not (isfinite(self.shares_short) and self.shares_short >= 0):
            raise ValueError(f"{self.symbol}: {self.shares_short} shares short")
        if volume is not None and not (isfinite(volume) and volume >= 0):
            raise ValueError(f"{self.symbol}: average daily volume {volume}")
        if self.known_at.date() <= self.settlement_date:
            raise ValueError(f"{self.symbol}: known on the settlement date")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedShortInterest:
    """A whole file of one settlement date."""

    positions: tuple[ShortPosition, ...] = ()
    refused: tuple[RefusedRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShortInterestColumns:
    """Short positions as arrays of one length, every revision a row of its own.

    Rows ascend by symbol, settlement date and revision. `symbols` is the ascending dictionary of
    `symbol_index`; `average_daily_volume` is NaN where none was given; `known_at` is UTC.
    """

    symbols: tuple[Symbol, ...]
    symbol_index: NDArray[np.int32]
    settlement_date: NDArray[np.datetime64]
    shares_short: NDArray[np.float64]
    average_daily_volume: NDArray[np.float64]
    known_at: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.shares_short)
