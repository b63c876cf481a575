from datetime import date, timedelta

import pytest

from alpha_oracle.adapters.simulated.day_path import SessionBar
from alpha_oracle.adapters.simulated.feed import SessionMarket, SimulatedFeed
from alpha_oracle.calendar import session_close, session_open
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import StoreUnavailable
from tests.fakes.clock import FixedClock
from tests.fakes.quotes import InMemoryQuoteBoard

SESSION = date(2016, 6, 2)
NOON = session_open(SESSION) + timedelta(hours=2.5)


class Market:
    """A market of one share and VIX on any session; counts how often it is looked for."""

    def __init__(self):
        self.is_there = True
        self.looked_for = []

    def __call__(self, session):
        self.looked_for.append(session)
        bars = (SessionBar.flat(Symbol("SYN001"), session, price=50.0, volume=1e6),)
        return SessionMarket(
            session=session,
            bars=bars if self.is_there else (),
            levels=(SessionBar.flat(Symbol("VIX"), session, price=18.0, volume=0.0),),
            origins={"source": len(bars)},
        )


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def clock():
    return FixedClock(NOON)


@pytest.fixture
def board():
    return InMemoryQuoteBoard()


@pytest.fixture
def feed(board, clock, market):
    return SimulatedFeed(board, clock=clock, market=market)


def test_while_the_market_is_open_everything_is_quoted_at_its_time(feed, board):
    assert feed.publish() == 2
    assert {quote.symbol: quote.at for quote in board.newest.values()} == {
        "SYN001": NOON,
        "VIX": NOON,
    }


@pytest.mark.parametrize(
    "instant",
    [
        session_open(SESSION) - timedelta(seconds=1),
        session_close(SESSION) + timedelta(seconds=1),
        session_open(SESSION) + timedelta(days=2),
    ],
    ids=["before the open", "after the close", "on a Saturday"],
)
def test_while_the_market_is_closed_nothing_is_quoted(feed, board, clock, instant):
    clock.set(instant)
    assert feed.publish() == 0
    assert board.newest == {}


def test_a_sessions_market_is_looked_for_once(feed, clock, market):
    for _ in range(3):
        feed.publish()
        clock.advance(minutes=5)
    clock.advance(days=1)
    feed.publish()
    assert market.looked_for == [SESSION, date(2016, 6, 3)]


def test_a_market_without_bars_is_looked_for_again_every_minute(feed, clock, market):
    market.is_there = False
    for _ in range(5):
        feed.publish()
        clock.advance(seconds=30)
    assert len(market.looked_for) == 3
    market.is_there = True
    clock.advance(minutes=1)
    assert feed.publish() == 2


def test_a_board_out_of_reach_is_told_and_tried_again(feed, board):
    board.is_away = True
    with pytest.raises(StoreUnavailable):
        feed.publish()
    board.is_away = False
    assert feed.publish() == 2


def test_it_tells_where_its_bars_came_from(feed):
    assert feed.facts() == {"bars_from": {}}
    feed.publish()
    assert feed.facts() == {"bars_from": {"source": 1}}
