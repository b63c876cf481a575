"""What every quote board must do, in Redis and in memory."""

from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.quotes import Quote
from tests.fakes.broker import TEN_O_CLOCK, a_quote
from tests.fakes.clock import FixedClock
from tests.fakes.quotes import InMemoryQuoteBoard


@pytest.fixture(params=["redis", "memory"])
def board(request):
    if request.param == "memory":
        yield InMemoryQuoteBoard()
        return
    with closing(RedisConnection(request.getfixturevalue("redis_url"))) as connection:
        yield RedisQuoteBoard(connection, clock=FixedClock(TEN_O_CLOCK))


def test_what_is_published_is_read_and_nothing_else(board):
    quotes = [a_quote(symbol=symbol) for symbol in ("SYN001", "BRK.B", "SYN003")]
    board.publish(quotes)
    asked = [Symbol("SYN001"), Symbol("BRK.B"), Symbol("NONE")]
    assert board.quotes(asked) == {quote.symbol: quote for quote in quotes[:2]}


def test_the_newest_quote_of_a_symbol_takes_the_place_of_the_one_before(board):
    board.publish([a_quote(at=TEN_O_CLOCK - timedelta(minutes=1))])
    newest = Quote(
        symbol=Symbol("SYN001"), bid=None, ask=None, last=Decimal(7), volume=None, at=TEN_O_CLOCK
    )
    board.publish([newest])
    assert board.quotes([newest.symbol]) == {newest.symbol: newest}


def test_nothing_published_and_nothing_asked_for_is_nothing(board):
    board.publish([])
    assert board.quotes([]) == {}
    assert board.quotes([Symbol("SYN001")]) == {}
