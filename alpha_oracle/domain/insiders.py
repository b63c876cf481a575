"""Trades of insiders, as their ownership filings (SEC Form 4 and 4/A) tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - construction compares them.
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import Absence
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import RefusedRow

PURCHASE: Final = "P"
SALE: Final = "S"
OPEN_MARKET: Final = (PURCHASE, SALE)
"""Codes of purchases and sales that an insider decided on: what tells of their view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insider:
    """A reporting owner of a filing: the SEC's number of them, and what they are to the issuer."""

    owner_id: str
    name: str
    is_director: bool = False
    is_officer: bool = False
    is_ten_percent_owner: bool = False
    officer_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsiderTransaction:
    """One row of a filing's tables. `line` counts them, non-derivative rows first.

    `code` is the SEC's: P an open-market purchase, S a sale, A an award, M an exercise, F shares
    withheld for tax, G a gift ... `shares` are as then counted. `price_usd` is None where none was
    given (a footnote may tell a range) and 0 where zero was. `is_planned` is the 10b5-1 box, None
    on forms without one.
    """

    line: int
    traded_on: date
    code: str
    is_derivative: bool
    is_acquisition: bool
    shares: float
    price_usd: float | None
    shares_after: float | None
    is_direct: bool
    is_planned: bool | None

    def __post_init__(self) -> None:
        if not (isfinite(self.shares) and self.shares >= 0):
            raise ValueError(f"line {self.line}: {self.shares} shares")
        if self.price_usd is not None and not (isfinite(self.price_usd) and self.price_usd >= 0):
            raise ValueError(f"line {self.line}: price {self.price_usd}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipFiling:
    """A Form 4 or 4/A: all its owners report all its transactions, which happened once.

    `known_at` is its acceptance by the SEC. `replaces_filed_on` is, on an amendment, the day it
    says its original was filed; the amendment takes the place of that original (same issuer, an
    owner in common) from its own `known_at` on.
    """

    accession: str
    symbol: Symbol
    form: str
    known_at: datetime
    period_of_report: date
    filed_on: date
    owners: tuple[Insider, ...]
    transactions: tuple[InsiderTransaction, ...]
    replaces_filed_on: date | None = None

    def __post_init__(self) -> None:
        if self.known_at.tzinfo is None:
            raise ValueError(f"{self.accession}: known_at names no time zone")
        if not self.owners:
            raise ValueError(f"{self.accession}: no reporting owner")

    @property
    def is_amendment(self) -> bool:
        """Whether it is a 4/A."""
        return self.form.endswith("/A")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFilings:
    """What a source told of one symbol's insiders; `absence` tells why there is nothing."""

    filings: tuple[OwnershipFiling, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    absence: Absence | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnerColumns:
    """Owners of filings as arrays: those of filing f are `offsets[f]` to before `offsets[f + 1]`.

    They are in the filing's order. `number` counts the owners of all filings by their `owner_id`.
    """

    offsets: NDArray[np.int64]
    number: NDArray[np.int64]
    is_officer: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeColumns:
    """Open-market purchases and sales of filings as arrays, by filing as `OwnerColumns`.

    They are by line, none of a derivative table. `shares` are as then counted, `price_usd` and
    `shares_after` NaN where none was given.
    """

    offsets: NDArray[np.int64]
    traded_on: NDArray[np.datetime64]
    is_purchase: NDArray[np.bool_]
    shares: NDArray[np.float64]
    price_usd: NDArray[np.float64]
    shares_after: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilingColumns:
    """Filings as arrays of one length, with what their owners dealt on the open market.

    Rows ascend by symbol, then `known_at`, originals before amendments, then accession. `symbols`
    is the ascending dictionary of `symbol_index`; `replaces_filed_on` is NaT where no day is
    named; `known_at` is UTC.
    """

    symbols: tuple[Symbol, ...]
    symbol_index: NDArray[np.int32]
    known_at: NDArray[np.datetime64]
    period_of_report: NDArray[np.datetime64]
    filed_on: NDArray[np.datetime64]
    replaces_filed_on: NDArray[np.datetime64]
    is_amendment: NDArray[np.bool_]
    owners: OwnerColumns
    trades: TradeColumns

    def __len__(self) -> int:
        return len(self.known_at)
