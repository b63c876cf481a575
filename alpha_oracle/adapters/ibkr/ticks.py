"""What a gateway ticks of one contract, put together to a quote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Final, Literal

from alpha_oracle.adapters.ibkr.translate import SHARES_PER_LOT
from alpha_oracle.domain.quotes import quote_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.quotes import Quote

PRICES: Final[Mapping[int, str]] = {
    1: "bid", 2: "ask", 4: "last", 66: "bid", 67: "ask", 68: "last",
}  # fmt: skip
"""Types of prices, live and (from 66 on) delayed."""

VOLUMES: Final = frozenset({8, 74})
LAST_TIMES: Final = frozenset({45, 88})
DELAYED_TIME: Final = 88
FIRST_DELAYED: Final = 66
LIVE: Final = 1
DELAYED: Final = 3
"""Frozen (2), delayed (3) and delayed-frozen (4) data are not the market of now."""


VOLUMES_IN_SHARES: Final = 159
"""The server version from which volumes of US stocks are in shares (TWS 985 and later)."""

VolumeUnit = Literal["detect", "shares", "lots"]


@dataclass(slots=True)
class Volumes:
    """What one connection counts volumes of stocks in, shares or lots of 100.

    A gateway can be told to stay at lots, and does not tell: where the setting leaves it to us, its
    version says so, or a fraction, which only lots have.
    """

    setting: VolumeUnit
    server_version: int
    saw_fractions: bool = False

    def see(self, volume: float) -> None:
        """Take a volume as ticked."""
        if isfinite(volume) and not volume.is_integer():
            self.saw_fractions = True

    def in_shares(self, volume: float) -> float:
        """Return a volume in shares."""
        is_detected = self.server_version < VOLUMES_IN_SHARES or self.saw_fractions
        is_lots = is_detected if self.setting == "detect" else self.setting == "lots"
        return float(round(volume * SHARES_PER_LOT)) if is_lots and isfinite(volume) else volume


@dataclass(slots=True, kw_only=True)
class Ticks:
    """One contract's ticks so far; `volume` as ticked."""

    symbol: Symbol
    volumes: Volumes
    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    volume: float | None = None
    kind: int = LIVE
    traded_at: datetime | None = None
    received_at: datetime | None = None

    @property
    def is_delayed(self) -> bool:
        """Whether it is not the market of now."""
        return self.kind != LIVE

    def on_kind(self, kind: int) -> None:
        """Take which data follows; the prices until then were of another market."""
        if kind != self.kind:
            self.kind, self.bid, self.ask, self.last = kind, None, None, None

    def on_price(self, tick: int, price: float, *, at: datetime) -> bool:
        """Take a price; return whether it is one of a quote."""
        name = PRICES.get(tick)
        if name is None:
            return False
        if tick >= FIRST_DELAYED and not self.is_delayed:
            # Whatever the gateway says of its data, or forgot to.
            self.on_kind(DELAYED)
        setattr(self, name, price)
        self.received_at = at
        return True

    def on_size(self, tick: int, size: float) -> None:
        """Take the session's volume; other sizes are none of a quote."""
        if tick in VOLUMES:
            self.volume = size
            self.volumes.see(size)

    def on_text(self, tick: int, text: str) -> None:
        """Take the time of the last trade, in epoch seconds."""
        if tick in LAST_TIMES and text.isdigit():
            self.traded_at = datetime.fromtimestamp(int(text), UTC)

    def quote(self) -> Quote | None:
        """Return the quote; None while there is none.

        Its time is the one of receipt: of bid and ask the gateway tells no other. Of delayed data
        it is the time of the trade, where that is told.
        """
        at = self.traded_at if self.is_delayed and self.traded_at else self.received_at
        if at is None:
            return None
        return quote_of(
            self.symbol,
            bid=self.bid,
            ask=self.ask,
            last=self.last,
            volume=None if self.volume is None else self.volumes.in_shares(self.volume),
            at=at,
            is_delayed=self.is_delayed,
        )
