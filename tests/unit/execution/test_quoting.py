"""What is held is read once in a while, what is decided on at every decision."""

from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.portfolio import LotKey
from alpha_oracle.execution.book import Book
from alpha_oracle.execution.quoting import MarketReader
from tests.fakes.broker import a_quote
from tests.fakes.clock import FixedClock
from tests.fakes.quotes import InMemoryQuoteBoard
from tests.trading import NOW, STRATEGY, TODAY
from tests.unit.execution.positions import a_lot
from tests.unit.execution.test_book import STATE

AAA, BBB, VIX = (Symbol(name) for name in ("AAA", "BBB", "VIX"))


class Holder:
    """A book, all that a reader looks at."""

    def __init__(self):
        self.book = Book(state=STATE)

    def hold(self, symbol):
        self.book.lots[LotKey(STRATEGY, symbol)] = a_lot(symbol=symbol)


@pytest.fixture
def clock():
    return FixedClock(NOW)


@pytest.fixture
def board():
    return InMemoryQuoteBoard()


@pytest.fixture
def holding(board, clock):
    holding = Holder()
    holding.hold(AAA)
    quote(board, clock, AAA, VIX, price=100)
    return holding


@pytest.fixture
def reader(board, holding, clock):
    reader = MarketReader(board, holding, clock=clock, stale_seconds=Decimal(300))
    reader.begin()
    reader.quotes(session=TODAY)
    return reader


def quote(board, clock, *symbols, price):
    board.publish([a_quote(symbol=one, bid=price, ask=price, at=clock.now()) for one in symbols])


def read(reader, *symbols):
    reader.begin()
    return {symbol: one.mid for symbol, one in reader.quotes(*symbols, session=TODAY).items()}


def test_what_is_held_may_be_a_second_old_but_not_what_is_asked_for(board, clock, holding, reader):
    clock.advance(seconds=0.9)
    quote(board, clock, AAA, BBB, VIX, price=110)
    assert read(reader, BBB) == {AAA: 100, BBB: 110, VIX: 110}
    assert (holding.book.marks[AAA], holding.book.marks[BBB]) == (100, 110)

    clock.advance(seconds=0.1)
    assert read(reader, BBB) == {AAA: 110, BBB: 110, VIX: 110}
    assert holding.book.marks[AAA] == 110


def test_what_is_newly_held_is_read_at_once(board, clock, holding, reader):
    quote(board, clock, BBB, price=50)
    holding.hold(BBB)
    assert read(reader) == {AAA: 100, BBB: 50, VIX: 100}


def test_a_board_out_of_reach_has_no_quotes_and_what_it_has_later_is_read(board, clock, reader):
    board.is_away = True
    clock.advance(seconds=0.5)
    assert read(reader, BBB) == {}
    board.is_away = False
    quote(board, clock, BBB, price=50)
    assert read(reader, BBB) == {AAA: 100, BBB: 50, VIX: 100}


def test_a_board_out_of_reach_has_none_for_any_decision_of_a_look(board, clock, reader):
    board.is_away = True
    clock.advance(seconds=0.5)
    reader.begin()
    assert [reader.quotes(AAA, BBB, session=TODAY) for _ in range(2)] == [{}, {}]
    assert reader.quotes(AAA, session=TODAY) == {}


def test_what_is_read_for_several_decisions_is_of_now_a_quarter_of_a_second(board, clock, reader):
    quote(board, clock, BBB, price=50)
    reader.begin()
    reader.quotes(AAA, BBB, session=TODAY)
    quote(board, clock, BBB, price=60)
    clock.advance(seconds=0.2)
    assert reader.quotes(BBB, session=TODAY)[BBB].mid == 50
    clock.advance(seconds=0.05)
    assert reader.quotes(BBB, session=TODAY)[BBB].mid == 60


def test_what_was_read_for_an_earlier_look_is_read_again(board, clock, reader):
    quote(board, clock, BBB, price=50)
    assert read(reader, BBB)[BBB] == 50
    quote(board, clock, BBB, price=60)
    assert read(reader, BBB)[BBB] == 60


def test_marks_that_did_not_change_leave_their_version(board, clock, holding, reader):
    before = reader.marked
    quote(board, clock, AAA, price=100)
    read(reader, AAA)
    assert reader.marked == before
    quote(board, clock, AAA, price=101)
    read(reader, AAA)
    assert reader.marked > before
    unmarked = reader.marked
    clock.advance(minutes=10)
    read(reader)
    assert holding.book.marks == {}
    assert reader.marked > unmarked
