"""Which symbols a session is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import shift_session
from alpha_oracle.domain.market import parse_symbol
from alpha_oracle.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.ports.bars import BarSource, BarStore

EXPECTED_FROM_SESSIONS: Final = 5
RECENT_SESSIONS: Final = 21


def load_universe(
    session: Session,
    *,
    source: BarSource,
    stores: MarketStores,
    only: Sequence[str] | None = None,
) -> tuple[Symbol, ...]:
    """Return a session's symbols, ascending.

    They are the index members as of it; where no membership was imported, what the source offers
    and what it gave in the five sessions before: a symbol it lacks today is missing, not gone.
    Where there is nothing of that, what was stored in the last 21 sessions. `only` names the
    symbols instead.

    Raises:
        UnknownSymbol: a name is no ticker, or neither the index, the source nor the store knows it.
    """
    offered = askable_symbols(session, source=source, stores=stores, only=only)
    if only is not None or stores.reference.members(session):
        return offered
    given = stores.bars.symbols_stored(
        start=shift_session(session, -EXPECTED_FROM_SESSIONS),
        end=shift_session(session, -1),
        source=source.name,
    )
    return tuple(sorted(frozenset(offered).union(*given.values())))


def askable_symbols(
    session: Session,
    *,
    source: BarSource,
    stores: MarketStores,
    only: Sequence[str] | None = None,
) -> tuple[Symbol, ...]:
    """Return the symbols whose bars a source can be asked for, ascending.

    As `load_universe`, but without membership what the source offers is all there is.

    Raises:
        UnknownSymbol: as `load_universe`.
    """
    if only is not None:
        return _named(only, session, source=source, stores=stores)
    members = stores.reference.members(session)
    return members or source.symbols(session) or _recent(stores.bars, session)


def _named(
    only: Sequence[str], session: Session, *, source: BarSource, stores: MarketStores
) -> tuple[Symbol, ...]:
    wanted = frozenset(parse_symbol(text) for text in only)
    unknown = wanted - frozenset(stores.reference.members(session))
    unknown -= frozenset(source.symbols(session)) if unknown else frozenset()
    unknown -= frozenset(_recent(stores.bars, session)) if unknown else frozenset()
    if unknown:
        raise UnknownSymbol(
            f"{', '.join(sorted(unknown))}: known to neither the index, the source {source.name} "
            f"nor the store around {session}; check the spelling, or import its bars"
        )
    return tuple(sorted(wanted))


def _recent(store: BarStore, session: Session) -> tuple[Symbol, ...]:
    stored = store.symbols_stored(start=shift_session(session, -RECENT_SESSIONS), end=session)
    return tuple(sorted(frozenset().union(*stored.values())))
