"""The quote board in Redis: a hash a symbol, many symbols in one round trip.

What other programs write there is read as any feed is: a price that is none is absent, and a hash
without a price, without a readable time or from the future is no quote.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.redis.kept_connection import packed
from alpha_oracle.domain.instants import utc_text
from alpha_oracle.domain.quotes import quote_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from alpha_oracle.adapters.redis.connection import RedisConnection
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.ports.clock import Clock

PREFIX: Final = "feed:quote:"
FIELDS: Final = ("bid_price", "ask_price", "last_price", "volume", "timestamp", "is_delayed")
AHEAD: Final = timedelta(seconds=5)
"""How far an exchange's clock may be ahead of ours."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,20}([.][0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")


class RedisQuoteBoard:
    """`QuoteBoard` on Redis."""

    def __init__(self, connection: RedisConnection, *, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._known: dict[Symbol, tuple[object, Quote]] = {}

    def quotes(self, symbols: Collection[Symbol]) -> dict[Symbol, Quote]:
        """Return what there is of some symbols, however old; what cannot be read is left out.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        asked = list(dict.fromkeys(symbols))
        if not asked:
            return {}
        # Left as bytes: what is no text would end the reading of all the others.
        answers = self._connection.ask(*map(_question, asked), is_text=False)
        told = map(self._read, asked, answers)
        latest = self._clock.now() + AHEAD
        return {one.symbol: one for one in told if one is not None and one.at <= latest}

    def _read(self, symbol: Symbol, answer: object) -> Quote | None:
        # A hash that says what it said before is the quote it was.
        known = self._known.get(symbol)
        if known is not None and known[0] == answer:
            return known[1]
        quote = _quote(symbol, answer)
        if quote is not None:
            self._known[symbol] = (answer, quote)
        return quote

    def publish(self, quotes: Collection[Quote]) -> None:
        """Let these be the newest quotes of their symbols, in one round trip.

        Raises:
            StoreUnavailable: Redis cannot be reached; some of them may be there.
        """
        if not quotes:
            return
        with self._connection.client() as client, client.pipeline(transaction=False) as pipeline:
            for quote in quotes:
                pipeline.hset(f"{PREFIX}{quote.symbol}", items=_fields(quote))
            pipeline.execute()


def _fields(quote: Quote) -> list[str]:
    # A field that is not given is emptied: the price before it is none of this quote.
    values = (
        _text(quote.bid),
        _text(quote.ask),
        _text(quote.last),
        "" if quote.volume is None else str(quote.volume),
        utc_text(quote.at),
        "1" if quote.is_delayed else "",
    )
    return [part for pair in zip(FIELDS, values, strict=True) for part in pair]


def _text(price: Decimal | None) -> str:
    return "" if price is None else f"{price:f}"


@lru_cache(maxsize=4_096)
def _question(symbol: Symbol) -> bytes:
    return packed("HMGET", f"{PREFIX}{symbol}", *FIELDS)


def _quote(symbol: Symbol, answer: object) -> Quote | None:
    if not isinstance(answer, list):
        return None
    bid, ask, last, volume, timestamp, is_delayed = map(_decoded, answer)
    at = _instant(timestamp)
    if at is None:
        return None
    return quote_of(
        symbol,
        bid=_number(bid),
        ask=_number(ask),
        last=_number(last),
        volume=_number(volume),
        at=at,
        is_delayed=is_delayed not in {"", "0"},
    )


def _decoded(field: bytes | None) -> str:
    return "" if field is None else field.decode(errors="replace").strip()


def _number(told: str) -> str | None:
    return told if _NUMBER.fullmatch(told) else None


def _instant(told: str) -> datetime | None:
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(told)
        return None if at.tzinfo is None else at.astimezone(UTC)
    return None
