"""Bars for a range of sessions, chunk by chunk. What is stored is the record of progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import sessions_between
from alpha_oracle.domain.validation import NOTHING_VALIDATED, ValidationReport
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.marketdata.imports import import_bars, latest_closed_session
from alpha_oracle.marketdata.universe import askable_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.clock import Clock

CHUNK_SESSIONS: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStep:
    """One chunk done: its sessions, the symbols fetched, the rows stored and held."""

    start: Session
    end: Session
    sessions_done: int
    sessions_total: int
    fetched_symbols: int
    stored: int
    quarantined: int
    validation: ValidationReport


def backfill(
    source: BarSource,
    stores: MarketStores,
    *,
    start: Session,
    end: Session,
    bounds: ValidationBounds,
    clock: Clock,
    only: Sequence[str] | None = None,
) -> Iterator[BackfillStep]:
    """Fetch and store what is missing from `start` to `end`, yielding after each chunk is stored.

    A symbol with a bar on every session of a chunk is not fetched again, so a run that was
    stopped carries on where it was.

    Raises:
        ConfigurationError: the range is empty, or reaches past the latest closed session.
        UnknownSymbol: as `askable_symbols`.
    """
    sessions = _sessions(start, end, at=clock.now())
    for first in range(0, len(sessions), CHUNK_SESSIONS):
        chunk = sessions[first : first + CHUNK_SESSIONS]
        wanted = _lacking(source, stores, chunk, only=only)
        stored, quarantined, validation = 0, 0, NOTHING_VALIDATED
        if wanted:
            received = source.fetch(wanted, start=chunk[0], end=chunk[-1])
            # Each chunk is received when it comes: a correction is known from then on.
            report = import_bars(received, stores, bounds=bounds, at=clock.now())
            stored = report.stored.inserted + report.stored.corrected
            quarantined = report.quarantined + report.unreadable
            validation = report.validation
        yield BackfillStep(
            start=chunk[0],
            end=chunk[-1],
            sessions_done=first + len(chunk),
            sessions_total=len(sessions),
            fetched_symbols=len(wanted),
            stored=stored,
            quarantined=quarantined,
            validation=validation,
        )


def _sessions(start: Session, end: Session, *, at: datetime) -> tuple[Session, ...]:
    latest = latest_closed_session(at)
    if end > latest:
        raise ConfigurationError(f"{end} has not closed; backfill up to {latest} at the latest")
    sessions = sessions_between(start, end)
    if not sessions:
        raise ConfigurationError(f"there is no session from {start} to {end}; widen the range")
    return sessions


def _lacking(
    source: BarSource,
    stores: MarketStores,
    chunk: Sequence[Session],
    *,
    only: Sequence[str] | None,
) -> list[Symbol]:
    there = stores.bars.symbols_stored(start=chunk[0], end=chunk[-1])
    lacking: set[Symbol] = set()
    for session in chunk:
        universe = askable_symbols(session, source=source, stores=stores, only=only)
        lacking |= frozenset(universe) - there.get(session, frozenset())
    return sorted(lacking)
