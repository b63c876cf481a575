"""Daily bars in columns: the one form in which bars travel between rooms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.market import CorporateAction, PriceBasis, Session, Symbol


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarColumns:
    """Daily bars as arrays of one length, one row a symbol and session.

    `symbols` is the ascending dictionary that `symbol_index` points into. Rows ascend by symbol,
    then session. Prices are USD as received; NaN stands for a value the source did not give.
    """

    symbols: tuple[Symbol, ...]
    symbol_index: NDArray[np.int32]
    session: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.session)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> BarColumns:
        """Return some of the rows, by position or mask; `symbols` stays whole."""
        return replace(
            self,
            symbol_index=self.symbol_index[rows],
            session=self.session[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
            volume=self.volume[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BarBatch:
    """Where a load of bars came from.

    `adjusted_through` is the session up to which an adjusted source had applied corporate
    actions; None for raw prices. `reason` tells why this source was asked and not the first of
    the list; empty for the first.
    """

    source: str
    basis: PriceBasis
    adjusted_through: Session | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A row whose fields are not what a bar is made of, with what stood there."""

    symbol: str
    session: str
    reason: str
    received: Mapping[str, str]


class AbsenceKind(StrEnum):
    """Why a source gave no bars of a symbol."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    """It knows no such symbol: delisted, renamed, misspelt."""
    NO_DATA = "no_data"
    """It knows the symbol and said that it has no bars in the range."""
    REFUSED = "refused"
    """It has them, but not for us: a permission or a plan is missing."""
    FAILED = "failed"
    """It did not say: an empty answer without a reason, a time-out, pacing that did not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A symbol that a source gave no bar of, and what it said instead."""

    symbol: Symbol
    source: str
    kind: AbsenceKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReceivedBars:
    """What a source answered: bars, their origin, and the rows nobody could read.

    Not yet validated: a symbol and session may stand more than once. `actions` are the corporate
    actions the source told along with the bars. `absent` names symbols without a bar where the
    source gave a reason.
    """

    bars: BarColumns
    batch: BarBatch
    unreadable: tuple[UnreadableRow, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    absent: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredBars:
    """Bars as a store knew them at an instant; `batch_index` points into `batches`."""

    bars: BarColumns
    batch_index: NDArray[np.int32]
    batches: tuple[BarBatch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReport:
    """What became of a load: rows new, rows already stored as they are, rows that correct."""

    inserted: int
    unchanged: int
    corrected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedBar:
    """A bar held back, with the expectations it failed and what was received."""

    quarantine_id: int
    symbol: str
    session: str
    source: str
    expectations: tuple[str, ...]
    detail: str
    received: Mapping[str, str]
    quarantined_at: datetime
    status: str
