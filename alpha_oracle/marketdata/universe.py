"""Which symbols a session is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import shift_session
from alpha_oracle.domain.market import BENCHMARK, parse_symbol
from alpha_oracle.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.ports.bars import BarSource, BarStore

EXPECTED_FROM_SESSIONS: Final = 5
RECENT_SESSIONS: Final = 21


def load_universe(
    session: Session,
    *,
    sources: Sequence[BarSource],
    stores: MarketStores,
    only: Sequence[str] | None = None,
) -> tuple[Symbol, ...]:
    """Return a session's symbols, ascending.

    They are the index members as of it; where no membership was imported, what the first source
    offers and what any of the sources gave in the five sessions before: a symbol it lacks today is
    missing, not gone. Where there is nothing of that, what was stored in the last 21 sessions.
    `only` names the symbols instead.

    Raises:
        UnknownSymbol: a name is no ticker, or neither the index, a source nor the store knows it;
            or nothing tells what to ask a source for that cannot say what it offers.
    """
    offered = askable_symbols(session, sources=sources, stores=stores, only=only)
    if only is None and not stores.reference.members(session):
        names = [source.name for source in sources]
        given = _without_benchmark(given_by(stores.bars, names, before=session))
        offered = tuple(sorted({*offered, *given}))
    if not offered:
        require_symbols(sources, around=session)
    return offered


def askable_symbols(
    session: Session,
    *,
    sources: Sequence[BarSource],
    stores: MarketStores,
    only: Sequence[str] | None = None,
) -> tuple[Symbol, ...]:
    """Return the symbols whose bars the sources can be asked for, ascending; empty: none is known.

    As `load_universe`, but without membership what the first source offers is all there is.

    Raises:
        UnknownSymbol: a name is no ticker, or neither the index, a source nor the store knows it.
    """
    if only is not None:
        return _named(only, session, sources=sources, stores=stores)
    members = stores.reference.members(session)
    return (
        members
        or _without_benchmark(sources[0].symbols(session) or ())
        or _without_benchmark(_recent(stores.bars, session))
    )


def followed_symbols(stores: MarketStores) -> tuple[Symbol, ...]:
    """Return every symbol the index ever had, ascending; without one, those stored lately."""
    members = {stay.symbol for stay in stores.reference.memberships()}
    span = stores.bars.span()
    if members or span is None:
        return tuple(sorted(members))
    return _without_benchmark(_recent(stores.bars, span[1]))


def require_symbols(sources: Sequence[BarSource], *, around: Session) -> None:
    """Refuse to go on without symbols where the first source cannot say what it offers.

    Raises:
        UnknownSymbol: it cannot.
    """
    if sources[0].symbols(around) is None:
        raise UnknownSymbol(
            f"{sources[0].name} cannot say which symbols it has, no index members are imported and "
            f"no bar is stored around {around}; import members, or name --symbols"
        )


def _named(
    only: Sequence[str], session: Session, *, sources: Sequence[BarSource], stores: MarketStores
) -> tuple[Symbol, ...]:
    wanted = frozenset(parse_symbol(text) for text in only)
    unknown = wanted - frozenset(stores.reference.members(session))
    for source in sources if unknown else ():
        offered = source.symbols(session)
        # A source that cannot say will tell when it is asked for the bars.
        unknown = frozenset() if offered is None else unknown - frozenset(offered)
    unknown -= frozenset(_recent(stores.bars, session)) if unknown else frozenset()
    if unknown:
        names = " and ".join(source.name for source in sources)
        raise UnknownSymbol(
            f"{', '.join(sorted(unknown))}: known to neither the index, the source {names} "
            f"nor the store around {session}; check the spelling, or import its bars"
        )
    return tuple(sorted(wanted))


def _without_benchmark(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    return tuple(symbol for symbol in symbols if symbol != BENCHMARK)


def given_by(store: BarStore, sources: Sequence[str], *, before: Session) -> frozenset[Symbol]:
    """Return the symbols that had a bar from any of the sources in the five sessions before."""
    start, end = shift_session(before, -EXPECTED_FROM_SESSIONS), shift_session(before, -1)
    given = (store.symbols_stored(start=start, end=end, source=name) for name in sources)
    return frozenset(
        symbol for by_session in given for symbols in by_session.values() for symbol in symbols
    )


def _recent(store: BarStore, session: Session) -> tuple[Symbol, ...]:
    stored = store.symbols_stored(start=shift_session(session, -RECENT_SESSIONS), end=session)
    return tuple(sorted(frozenset().union(*stored.values())))
