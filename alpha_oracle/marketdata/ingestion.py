"""A session's bars, from their source into the store: fetched once, judged, kept or held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.calendar import shift_session
from alpha_oracle.domain.validation import NOTHING_VALIDATED, Completeness, IngestReport
from alpha_oracle.errors import IncompleteSession
from alpha_oracle.marketdata.imports import explain_held
from alpha_oracle.marketdata.known import present_symbols, validation_context
from alpha_oracle.marketdata.universe import EXPECTED_FROM_SESSIONS
from alpha_oracle.marketdata.validation.context import Coverage
from alpha_oracle.marketdata.validation.validate import validate

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.validation import ValidationReport
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource, BarStore, DoneSet

_NAMED: Final = 10


def ingest(
    source: BarSource,
    stores: MarketStores,
    *,
    done: DoneSet,
    symbols: Sequence[Symbol],
    session: Session,
    bounds: ValidationBounds,
    min_completeness_pct: float,
    at: datetime,
    force: bool = False,
) -> IngestReport:
    """Fetch and store the bars of `symbols` on a session that are not stored yet; safe to repeat.

    What is stored is the truth; the done set is only told of it, after the store has committed.
    `force` works with what is stored and fetches nothing. Corporate actions that come along are
    saved first, so that they can explain the bars, and those held before.

    Raises:
        TransientError: the source or a store is away; repeat it.
        DataError: the source's answer cannot be read.
    """
    before = _stored(stores.bars, session) & frozenset(symbols)
    wanted = tuple(symbol for symbol in symbols if symbol not in before)
    accepted: frozenset[Symbol] = frozenset()
    validation, fetched = NOTHING_VALIDATED, 0
    if wanted and not force:
        validation, accepted = _take_in(
            source,
            stores,
            wanted,
            session=session,
            bounds=bounds,
            min_completeness_pct=min_completeness_pct,
            at=at,
        )
        fetched = validation.received
    stored = before | accepted
    _tell(done, session, stored)
    return IngestReport(
        session=session,
        requested=len(symbols),
        already_stored=len(before),
        fetched=fetched,
        accepted=validation.accepted,
        quarantined=validation.quarantined,
        missing=tuple(symbol for symbol in symbols if symbol not in stored),
        validation=validation,
    )


def completeness(
    store: BarStore,
    symbols: Collection[Symbol],
    *,
    source: str,
    session: Session,
    min_pct: float,
) -> Completeness:
    """Count the expected symbols that are stored for a session.

    Expected are those of `symbols` (the members) that had a bar from `source` in the five
    sessions before.

    Raises:
        IncompleteSession: fewer than `min_pct` percent are stored, or nothing is.
    """
    expected = expected_symbols(store, symbols, source=source, session=session)
    there = _stored(store, session)
    missing = tuple(sorted(expected - there))
    found = Completeness(
        session=session,
        expected=len(expected),
        stored=len(expected) - len(missing),
        missing=missing,
        universe=len(symbols),
        covered=len(there & frozenset(symbols)),
    )
    if not expected and not found.covered:
        raise IncompleteSession(
            f"{session}: no bar is stored and {source} had none in the {EXPECTED_FROM_SESSIONS} "
            "sessions before; import bars, or point data.files.path at bars that reach this session"
        )
    if found.pct < min_pct:
        raise IncompleteSession(
            f"{session}: {found.stored} of {found.expected} expected symbols are stored "
            f"({found.pct:.1f} %, bound {min_pct:g} %); missing {_named(missing)}; "
            "run the session again when the source has them, or see `quarantine list`"
        )
    return found


def expected_symbols(
    store: BarStore, symbols: Collection[Symbol], *, source: str, session: Session
) -> frozenset[Symbol]:
    """Return those of `symbols` that had a bar from `source` in the five sessions before."""
    recent = store.symbols_stored(
        start=shift_session(session, -EXPECTED_FROM_SESSIONS),
        end=shift_session(session, -1),
        source=source,
    )
    return frozenset(symbols) & frozenset().union(*recent.values())


def _take_in(
    source: BarSource,
    stores: MarketStores,
    wanted: Sequence[Symbol],
    *,
    session: Session,
    bounds: ValidationBounds,
    min_completeness_pct: float,
    at: datetime,
) -> tuple[ValidationReport, frozenset[Symbol]]:
    received = source.fetch(wanted, start=session, end=session)
    if received.actions:
        stores.reference.save_actions(received.actions, source=source.name, received_at=at)
    expected = expected_symbols(stores.bars, wanted, source=source.name, session=session)
    context = validation_context(
        received,
        stores,
        bounds=bounds,
        latest=session,
        at=at,
        coverage=Coverage(expected=len(expected), min_pct=min_completeness_pct),
    )
    judged = validate(received, context)
    stores.quarantine.hold(judged.held)
    stores.bars.store(judged.accepted, received_at=at)
    explain_held(received.actions, stores, bounds=bounds, at=at)
    bars = judged.accepted.bars
    on_session = bars.take(bars.session == np.datetime64(session, "D"))
    return judged.report, frozenset(present_symbols(on_session))


def _stored(store: BarStore, session: Session) -> frozenset[Symbol]:
    return store.symbols_stored(start=session, end=session).get(session, frozenset())


def _tell(done: DoneSet, session: Session, stored: frozenset[Symbol]) -> None:
    untold = sorted(stored - done.done(session))
    if untold:
        done.mark(session, untold)


def _named(symbols: Sequence[Symbol]) -> str:
    more = len(symbols) - _NAMED
    return ", ".join(symbols[:_NAMED]) + (f" and {more} more" if more > 0 else "")
