"""A source that adjusts its history for every split, day after day, and runs that ask it."""

from datetime import date

from alpha_oracle.calendar import shift_session
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.marketdata.ingestion import ingest
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import VendorBarSource
from tests.fakes.done_set import InMemoryDoneSet
from tests.unit.marketdata.intake import BOUNDS, decided

MONDAY = date(2016, 1, 4)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (shift_session(MONDAY, count) for count in range(1, 5))


def as_traded(closes, *, source="alpha_vantage", start=MONDAY, actions=()):
    """A source of closes as traded."""
    answer = received(bars_of_closes(closes, start=start), source=source)
    return VendorBarSource(type(answer)(bars=answer.bars, batch=answer.batch, actions=actions))


def adjusted(closes, *, through, splits=(), source="ibkr", start=MONDAY):
    """What a split-adjusting source says on a session of closes as traded.

    `splits` are (ex-date, new shares for one).
    """
    told = {symbol: _told(prices, splits, through, start) for symbol, prices in closes.items()}
    answer = received(
        bars_of_closes(told, start=start),
        source=source,
        basis=PriceBasis.SPLIT_ADJUSTED,
        adjusted_through=through,
    )
    return VendorBarSource(answer)


def run(stores, session, *sources, symbols=("A",)):
    """The daily job of a session."""
    return ingest(
        sources,
        stores,
        done=InMemoryDoneSet(),
        symbols=symbols,
        session=session,
        bounds=BOUNDS,
        min_completeness_pct=99.0,
        at=decided(session.isoformat()),
    )


def _told(prices, splits, through, start):
    told = []
    for place, price in enumerate(prices):
        session = shift_session(start, place)
        if session > through:
            break
        for ex_date, value in splits:
            price /= value if session < ex_date <= through else 1  # noqa: PLW2901
        told.append(price)
    return told
