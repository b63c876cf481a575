"""Daily levels of an index, such as VIX, that is no share and has no volume."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.reference import RefusedRow

VIX: Final = "VIX"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLevel:
    """A series on a session, in index points; known once the session's value is final."""

    series: str
    session: Session
    open: float
    high: float
    low: float
    close: float
    known_at: datetime

    def __post_init__(self) -> None:
        prices = (self.open, self.high, self.low, self.close)
        if not all(isfinite(price) and price > 0 for price in prices):
            raise ValueError(f"{self.series} {self.session}: {prices} are not all positive")
        if not self.low <= self.close <= self.high:
            raise ValueError(
                f"{self.series} {self.session}: close {self.close:g} is outside "
                f"{self.low:g} to {self.high:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLevels:
    """What a source told of a series."""

    levels: tuple[IndexLevel, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
