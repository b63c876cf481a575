"""What the market offers at an instant. Of -1, 0, NaN and a crossed market nothing is taken."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from alpha_oracle.domain.market import BPS, Symbol

Told: TypeAlias = Decimal | float | int | str | None
"""A number as a feed tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Best bid and offer and the last trade of a symbol, USD a share as traded.

    What the feed did not give is None. `volume` are the shares traded this session, `at` the
    exchange's time where given, else of receipt; `is_delayed` says the feed is not live.
    """

    symbol: Symbol
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    volume: int | None
    at: datetime
    is_delayed: bool = False

    def __post_init__(self) -> None:
        prices = [price for price in (self.bid, self.ask, self.last) if price is not None]
        if not prices or not all(price.is_finite() and price > 0 for price in prices):
            raise ValueError(f"quote of {self.symbol}: {prices}; expected prices above 0")
        if self.bid is not None and self.ask is not None and self.bid > self.ask:
            raise ValueError(f"quote of {self.symbol}: bid {self.bid} is above ask {self.ask}")
        if self.at.tzinfo is None:
            raise ValueError(f"quote of {self.symbol}: its time must be timezone-aware")

    @property
    def mid(self) -> Decimal | None:
        """Halfway between bid and ask; None where either is missing."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2

    @property
    def spread_bps(self) -> Decimal | None:
        """The ask above the bid, in basis points of the mid; None where either is missing."""
        if self.bid is None or self.ask is None:
            return None
        return (self.ask - self.bid) * BPS * 2 / (self.bid + self.ask)

    @property
    def mark(self) -> Decimal | None:
        """What a share counts at: the mid, else the last trade; None where neither is known."""
        return self.last if self.mid is None else self.mid

    def age_seconds(self, now: datetime) -> float:
        """Seconds since the quote; below 0 where its clock is ahead of ours."""
        return (now - self.at).total_seconds()

    def is_fresh(self, now: datetime, *, within_seconds: float) -> bool:
        """Whether it is live and its time lies less than `within_seconds` from `now`.

        A quote from a future that far says that a clock is wrong, not that it is fresh.
        """
        return not self.is_delayed and abs(self.age_seconds(now)) < within_seconds


def quote_of(
    symbol: Symbol,
    *,
    bid: Told,
    ask: Told,
    last: Told,
    volume: Told,
    at: datetime,
    is_delayed: bool = False,
) -> Quote | None:
    """Return the quote a feed told; None where it holds no price.

    A bid above the ask says that one of them is old: neither is taken.
    """
    bid_price, ask_price, last_price = a_price(bid), a_price(ask), a_price(last)
    if bid_price is not None and ask_price is not None and bid_price > ask_price:
        bid_price = ask_price = None
    if bid_price is None and ask_price is None and last_price is None:
        return None
    shares = _number(volume)
    return Quote(
        symbol=symbol,
        bid=bid_price,
        ask=ask_price,
        last=last_price,
        volume=None if shares is None or shares < 0 else int(shares),
        at=at,
        is_delayed=is_delayed,
    )


def a_price(told: Told) -> Decimal | None:
    """Return a price above 0; None for what feeds say instead of one (-1, 0, NaN, nothing)."""
    price = _number(told)
    return price if price is not None and price > 0 else None


def _number(told: Told) -> Decimal | None:
    if told is None:
        return None
    try:
        # By its digits: a float of 0.1 is a tenth.
        number = Decimal(str(told))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
