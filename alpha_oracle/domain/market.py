"""What the market says: symbols, sessions, prices and the conventions they come in."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NewType, TypeAlias

from alpha_oracle.errors import UnknownSymbol

Symbol = NewType("Symbol", str)
"""A ticker in dotted form, upper case: `AAPL`, `BRK.B`."""

BENCHMARK: Final = Symbol("SPY")
"""What the market is measured by. It is stored like a share and belongs to no universe of its own
accord: only where the index lists it is it traded."""

Session: TypeAlias = date
"""A New York trading date."""

_TICKER: Final = re.compile(r"[A-Z0-9]{1,12}([.][A-Z0-9]{1,4})?")
_DOTTED: Final = str.maketrans("-/ _", "....")


def parse_symbol(text: str) -> Symbol:
    """Return the dotted form of a ticker: `brk-b`, `BRK/B` and `BRK B` are `BRK.B`.

    Raises:
        UnknownSymbol: the text is not a ticker.
    """
    dotted = text.strip().upper().translate(_DOTTED)
    if not text.isascii() or not _TICKER.fullmatch(dotted):
        raise UnknownSymbol(f"{text!r} is not a ticker; expected letters like AAPL or BRK.B")
    return Symbol(dotted)


BPS: Final = 10_000
"""Basis points in one."""


class PriceBasis(StrEnum):
    """What a source did to its prices before we received them."""

    RAW = "raw"
    SPLIT_ADJUSTED = "split_adjusted"
    FULLY_ADJUSTED = "fully_adjusted"


class ActionKind(StrEnum):
    """A corporate action that changes what a share is worth overnight."""

    SPLIT = "split"
    DIVIDEND = "dividend"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateAction:
    """A split or a cash dividend.

    `value` is the new shares for one old (4 for 4:1), or USD a share as then traded.
    """

    symbol: Symbol
    ex_date: Session
    kind: ActionKind
    value: Decimal
    known_at: datetime

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError(f"{self.symbol} {self.kind} {self.ex_date}: value {self.value} <= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A symbol's stay in the index: from `start` to before `end` (None: still a member)."""

    symbol: Symbol
    start: Session
    end: Session | None

    def __post_init__(self) -> None:
        _require_span(self.start, self.end)

    def covers(self, session: Session) -> bool:
        """Whether the symbol belongs to the index on a session."""
        return self.start <= session and (self.end is None or session < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorAssignment:
    """A symbol's sector from `start` (None: always) to before `end` (None: still)."""

    symbol: Symbol
    sector: str
    start: Session | None = None
    end: Session | None = None

    def __post_init__(self) -> None:
        if self.start is not None:
            _require_span(self.start, self.end)


def _require_span(start: Session, end: Session | None) -> None:
    if end is not None and end <= start:
        raise ValueError(f"ends {end}, not after its start {start}")
