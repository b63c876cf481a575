"""Stores, bounds and instants for tests of bars on their way in."""

from datetime import UTC, date, datetime
from decimal import Decimal

from alpha_oracle.calendar import decision_instant, session_open
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.marketdata.imports import import_bars
from alpha_oracle.marketdata.stores import MarketStores
from alpha_oracle.marketdata.validation.context import ValidationBounds, ValidationContext
from alpha_oracle.marketdata.validation.validate import validate
from tests.builders import received
from tests.fakes.bar_store import InMemoryBarStore
from tests.fakes.quarantine import InMemoryQuarantine
from tests.fakes.reference import InMemoryReference

BOUNDS = ValidationBounds(max_jump_ratio=1.4, max_stale_sessions=5, max_disagreement_pct=1.0)
LATER = datetime(2016, 12, 30, 22, tzinfo=UTC)


def empty_stores():
    """Stores with nothing in them."""
    return MarketStores(
        bars=InMemoryBarStore(), quarantine=InMemoryQuarantine(), reference=InMemoryReference()
    )


def stores_with(bars, **origin):
    """Stores that hold bars, put there as they are."""
    stores = empty_stores()
    stores.bars.store(received(bars, **origin), received_at=LATER)
    return stores


def take_in(stores, bars, **origin):
    """Import bars, or a table of them."""
    return import_bars(received(bars, **origin), stores, bounds=BOUNDS, at=LATER)


def judge(bars, **facts):
    """Validate received bars, or a table of them, as of the end of 2016."""
    given = received(bars) if isinstance(bars, str) else bars
    context = ValidationContext(
        **{"bounds": BOUNDS, "latest": date(2016, 12, 30), "at": LATER, **facts}
    )
    return validate(given, context)


def held_for(validated):
    """The session and failed expectations of each held row."""
    return [(bar.session, *bar.expectations) for bar in validated.held]


def stored_closes(stores, symbol):
    """The stored closes of a symbol by session, as known much later."""
    bars = stores.bars.load(
        start=date(1962, 1, 2), end=date(2019, 1, 2), as_of=datetime(2026, 1, 2, tzinfo=UTC)
    ).bars
    return {
        str(session): close
        for code, session, close in zip(
            bars.symbol_index.tolist(), bars.session, bars.close.tolist(), strict=True
        )
        if bars.symbols[code] == symbol
    }


def a_split(symbol, ex_date, value):
    """A split known from the open of its ex-date."""
    return _action(symbol, ex_date, ActionKind.SPLIT, value)


def a_dividend(symbol, ex_date, value):
    """A dividend known from the open of its ex-date."""
    return _action(symbol, ex_date, ActionKind.DIVIDEND, value)


def decided(session):
    """The instant a session's signals are decided."""
    return decision_instant(date.fromisoformat(session))


def _action(symbol, ex_date, kind, value):
    day = date.fromisoformat(ex_date)
    return CorporateAction(
        symbol=Symbol(symbol),
        ex_date=day,
        kind=kind,
        value=Decimal(str(value)),
        known_at=session_open(day),
    )
