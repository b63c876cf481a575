"""A session's bar as it comes about: what the market offers at any instant of it. Pure.

The price begins at the open, touches low and high for a minute each, and ends at the close; on the
way it swings, never beyond them. Where it goes follows from seed, symbol and session alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from math import exp, pi, sin
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.quotes import Quote

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol

TOUCHED_SECONDS: Final = 60.0
SWING_FRACTION: Final = 0.2
"""How far the price swings about its way, of the day's range."""

SPREAD_BPS: Final = 1.0
SPREAD_OF_RANGE: Final = 0.015
"""Half an hour's range of a calm share is a few basis points: that much lies between the sides."""

UNEVEN: Final = 0.9
"""How much busier than noon the open and the close are: the day's volume is a U."""

CENT: Final = Decimal("0.01")
SMALL: Final = Decimal("0.0001")
DAILY_VOLATILITY: Final = 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBar:
    """A symbol's session: prices as traded (USD; points of an index), volume in shares."""

    symbol: Symbol
    session: Session
    open: float
    high: float
    low: float
    close: float
    volume: float
    seed: int

    def __post_init__(self) -> None:
        lowest, highest = min(self.open, self.close), max(self.open, self.close)
        if not 0 < self.low <= lowest <= highest <= self.high or not self.volume >= 0:
            raise ValueError(f"{self.symbol} {self.session}: no bar has these prices and volume")

    @classmethod
    def flat(cls, symbol: Symbol, session: Session, *, price: float, volume: float) -> SessionBar:
        """Return a session on which one price was traded."""
        return cls(
            symbol=symbol,
            session=session,
            open=price,
            high=price,
            low=price,
            close=price,
            volume=volume,
            seed=0,
        )


def quote_at(bar: SessionBar, instant: datetime, *, has_spread: bool = True) -> Quote | None:
    """Return what the market offers at an instant; None outside the session's hours.

    Without a spread, bid, ask and last trade are the price itself, to its last digit.
    """
    progress = _progress(bar, instant)
    if progress is None:
        return None
    price = _price(bar, progress)
    bid, last, ask = _sides(bar, price) if has_spread else (Decimal(str(price)),) * 3
    traded = progress + UNEVEN / (2 * pi) * sin(2 * pi * progress)
    return Quote(
        symbol=bar.symbol, bid=bid, ask=ask, last=last, volume=int(bar.volume * traded), at=instant
    )


def level_at(bar: SessionBar, instant: datetime) -> Quote | None:
    """Return an index at an instant, which nobody bids for; None outside the session's hours."""
    progress = _progress(bar, instant)
    if progress is None:
        return None
    last = Decimal(str(_price(bar, progress))).quantize(CENT)
    return Quote(symbol=bar.symbol, bid=None, ask=None, last=last, volume=None, at=instant)


def walked(
    symbol: Symbol, session: Session, *, after: float, volume: float, seed: int
) -> SessionBar:
    """Return a session that follows a close (USD, as traded): a seeded day of calm trading."""
    draws = _draws(seed, symbol, session, purpose="walk")
    # The sum of uniform draws is near enough to what a day does.
    gap, move = ((draws[2 * step] + draws[2 * step + 1] - 1.0) * 2.4 for step in (0, 1))
    opened = after * exp(gap * DAILY_VOLATILITY / 3)
    close = opened * exp(move * DAILY_VOLATILITY)
    high = max(opened, close) * (1 + DAILY_VOLATILITY / 2 * draws[4])
    low = min(opened, close) * (1 - DAILY_VOLATILITY / 2 * draws[5])
    return SessionBar(
        symbol=symbol,
        session=session,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        seed=seed,
    )


@lru_cache(maxsize=8)
def _hours(session: Session) -> tuple[datetime, datetime]:
    return calendar.session_open(session), calendar.session_close(session)


def _progress(bar: SessionBar, instant: datetime) -> float | None:
    opens, closes = _hours(bar.session)
    if not opens <= instant <= closes:
        return None
    return (instant - opens) / (closes - opens)


def _price(bar: SessionBar, progress: float) -> float:
    draws = _draws(bar.seed, bar.symbol, bar.session, purpose="path")
    knots = _knots(bar, draws)
    start, end = next(pair for pair in pairwise(knots) if progress <= pair[1][0])
    share = (progress - start[0]) / (end[0] - start[0])
    straight = start[1] + (end[1] - start[1]) * share
    if start[1] == end[1] and start[1] in {bar.low, bar.high}:
        return straight
    swing = sin(pi * share) * sin(2 * pi * (3 + 5 * draws[3]) * share + 2 * pi * draws[4])
    wandered = straight + SWING_FRACTION * (bar.high - bar.low) * swing
    return min(max(wandered, bar.low), bar.high)


def _knots(bar: SessionBar, draws: tuple[float, ...]) -> list[tuple[float, float]]:
    opens, closes = _hours(bar.session)
    touched = TOUCHED_SECONDS / (closes - opens).total_seconds()
    first, second = 0.05 + 0.35 * draws[0], 0.55 + 0.35 * draws[1]
    # A day that rises has mostly seen its low before its high.
    rises = (bar.close >= bar.open) == (draws[2] < 0.8)  # noqa: PLR2004 - four of five.
    one, other = (bar.low, bar.high) if rises else (bar.high, bar.low)
    return [
        (0.0, bar.open),
        (first, one),
        (first + touched, one),
        (second, other),
        (second + touched, other),
        (1.0, bar.close),
    ]


def _sides(bar: SessionBar, price: float) -> tuple[Decimal, Decimal, Decimal]:
    tick = CENT if price >= 1 else SMALL
    half = price * SPREAD_BPS / 20_000 + (bar.high - bar.low) * SPREAD_OF_RANGE / 2
    last = max(Decimal(str(price)).quantize(tick), tick)
    bid = Decimal(str(price - half)).quantize(tick, rounding=ROUND_FLOOR)
    ask = Decimal(str(price + half)).quantize(tick, rounding=ROUND_CEILING)
    return max(bid, tick), last, max(ask, last)


def _draws(seed: int, symbol: Symbol, session: Session, *, purpose: str) -> tuple[float, ...]:
    digest = sha256(f"{seed}|{symbol}|{session}|{purpose}".encode()).digest()
    return tuple(int.from_bytes(digest[at : at + 4]) / 2**32 for at in range(0, 24, 4))
