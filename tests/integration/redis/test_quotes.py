from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.quotes import Quote
from alpha_oracle.errors import StoreUnavailable
from tests.fakes.broker import TEN_O_CLOCK, a_quote
from tests.fakes.clock import FixedClock

SYMBOL = Symbol("BRK.B")
KEY = f"feed:quote:{SYMBOL}"
WHOLE = {
    "bid_price": "99.9",
    "ask_price": "100.1",
    "last_price": "100",
    "volume": "1200",
    "timestamp": "2016-06-02T14:00:00Z",
}


def prices(told):
    """All three prices, told alike."""
    return dict.fromkeys(("bid_price", "ask_price", "last_price"), told)


@pytest.fixture
def board(connection):
    return RedisQuoteBoard(connection, clock=FixedClock(TEN_O_CLOCK))


def written(connection, **fields):
    """Write a hash as another program would; None: the field is not there."""
    with connection.client() as client:
        client.hset(KEY, mapping={key: value for key, value in fields.items() if value is not None})


def test_what_is_published_is_read_by_symbol(board):
    quotes = [a_quote(symbol=symbol, volume=7) for symbol in ("SYN001", "BRK.B")]
    board.publish(quotes)
    assert board.quotes([Symbol("SYN001"), SYMBOL, Symbol("NONE")]) == {
        quote.symbol: quote for quote in quotes
    }


def test_the_hash_is_the_one_other_programs_read(board, connection):
    board.publish([a_quote(symbol=SYMBOL, bid=99.9, ask=100.1, volume=1200)])
    with connection.client() as client:
        fields = client.hgetall(KEY)
    assert {name: fields[name] for name in WHOLE} == WHOLE | {"last_price": "99.9"}


def test_a_quote_others_wrote_is_read(board, connection):
    written(connection, **WHOLE)
    quote = board.quotes([SYMBOL])[SYMBOL]
    assert (quote.bid, quote.ask, quote.last) == (Decimal("99.9"), Decimal("100.1"), Decimal(100))
    assert (quote.volume, quote.at, quote.is_delayed) == (1200, TEN_O_CLOCK, False)


def test_a_quote_of_no_price_leaves_nothing_of_the_one_before(board):
    board.publish([a_quote(symbol=SYMBOL)])
    vix = Quote(
        symbol=SYMBOL, bid=None, ask=None, last=Decimal("18.5"), volume=None, at=TEN_O_CLOCK
    )
    board.publish([vix])
    assert board.quotes([SYMBOL]) == {SYMBOL: vix}


def test_a_delayed_quote_says_so_until_a_live_one_comes(board):
    delayed = Quote(
        symbol=SYMBOL,
        bid=None,
        ask=None,
        last=Decimal(18),
        volume=0,
        at=TEN_O_CLOCK,
        is_delayed=True,
    )
    board.publish([delayed])
    assert board.quotes([SYMBOL])[SYMBOL].is_delayed
    board.publish([a_quote(symbol=SYMBOL)])
    assert not board.quotes([SYMBOL])[SYMBOL].is_delayed


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"timestamp": None}, id="no time"),
        pytest.param({"timestamp": "yesterday"}, id="a time that is none"),
        pytest.param({"timestamp": "2016-06-02T14:00:00"}, id="a time without a zone"),
        pytest.param({"timestamp": "9999-12-31T23:59:59-12:00"}, id="a time after all time"),
        pytest.param({"timestamp": "2016-06-02T14:00:06Z"}, id="a time to come"),
        pytest.param(prices("-1"), id="below zero"),
        pytest.param(prices("nan"), id="no number"),
        pytest.param(prices("inf"), id="endless"),
        pytest.param(prices("1e999999"), id="huge"),
        pytest.param(prices(b"\xff\xfe"), id="no text"),
        pytest.param(prices(""), id="empty"),
    ],
)
def test_what_is_no_quote_is_left_out_and_hides_no_other(board, connection, fields):
    written(connection, **WHOLE | fields)
    good = a_quote(symbol="SYN001")
    board.publish([good])
    assert board.quotes([SYMBOL, good.symbol]) == {good.symbol: good}


def test_a_quote_of_a_time_to_come_is_one_when_that_has_come(connection):
    clock = FixedClock(TEN_O_CLOCK)
    board = RedisQuoteBoard(connection, clock=clock)
    written(connection, **WHOLE | {"timestamp": "2016-06-02T14:00:06Z"})
    assert board.quotes([SYMBOL]) == {}
    clock.advance(seconds=1)
    assert board.quotes([SYMBOL])[SYMBOL].bid == Decimal("99.9")


@pytest.mark.parametrize("field", [*WHOLE, "is_delayed"])
def test_a_quote_is_read_anew_whatever_changed_in_it(board, connection, field):
    other = {"volume": "7", "timestamp": "2016-06-02T13:59:59Z", "is_delayed": "1"}
    written(connection, **WHOLE)
    before = board.quotes([SYMBOL])
    assert board.quotes([SYMBOL]) == before
    written(connection, **{field: other.get(field, "100.05")})
    assert board.quotes([SYMBOL]) != before


@pytest.mark.parametrize("volume", ["-5", "many", "1e999999", b"\xff"])
def test_a_volume_that_is_none_is_unknown(board, connection, volume):
    written(connection, **WHOLE | {"volume": volume})
    assert board.quotes([SYMBOL])[SYMBOL].volume is None


def test_a_crossed_market_has_no_sides(board, connection):
    written(connection, **WHOLE | {"bid_price": "101"})
    quote = board.quotes([SYMBOL])[SYMBOL]
    assert (quote.bid, quote.ask, quote.last) == (None, None, Decimal(100))


def test_something_else_under_the_name_of_a_quote_is_none(board, connection):
    with connection.client() as client:
        client.set(KEY, "no hash")
    good = a_quote(symbol="SYN001")
    board.publish([good])
    assert board.quotes([SYMBOL, good.symbol]) == {good.symbol: good}


def test_an_old_quote_is_told_with_its_age(board):
    board.publish([a_quote(symbol=SYMBOL, at=TEN_O_CLOCK - timedelta(days=3))])
    assert board.quotes([SYMBOL])[SYMBOL].age_seconds(TEN_O_CLOCK) == 3 * 86_400


def test_nobody_asked_for_is_nothing(board):
    assert board.quotes([]) == {}


def test_a_board_out_of_reach_says_so(nobody_answers):
    with closing(nobody_answers):
        board = RedisQuoteBoard(nobody_answers, clock=FixedClock(TEN_O_CLOCK))
        with pytest.raises(StoreUnavailable):
            board.quotes([SYMBOL])
        with pytest.raises(StoreUnavailable):
            board.publish([a_quote()])
