"""Bars for a range of sessions, chunk by chunk. What is stored is the record of progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import next_session_after, sessions_between, shift_session
from alpha_oracle.domain.validation import (
    OverlapReport,
    SourceCount,
    ValidationReport,
    merged_overlap,
    merged_report,
)
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.marketdata.budget import plan_range, require_budget
from alpha_oracle.marketdata.chain import Chain, Wanted
from alpha_oracle.marketdata.imports import latest_closed_session
from alpha_oracle.marketdata.intake import take_in
from alpha_oracle.marketdata.known import OVERLAP_SESSIONS, overlap_starts
from alpha_oracle.marketdata.universe import askable_symbols, require_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import Absence
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.clock import Clock

CHUNK_SESSIONS: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStep:
    """One chunk done: its sessions, the symbols fetched, the rows stored and held.

    `lacking` symbols still have no bar on some session that was asked for (before a listing,
    after a delisting, or truly missing); `absent` tells what each source said of them.
    """

    start: Session
    end: Session
    sessions_done: int
    sessions_total: int
    fetched_symbols: int
    stored: int
    quarantined: int
    validation: ValidationReport
    sources: tuple[SourceCount, ...]
    lacking: tuple[Symbol, ...]
    absent: tuple[Absence, ...]
    overlap: OverlapReport


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    sessions: tuple[Session, ...]
    lacking: Mapping[Symbol, frozenset[Session]]

    @property
    def start(self) -> Session:
        return self.sessions[0]

    @property
    def end(self) -> Session:
        return self.sessions[-1]


def backfill(
    sources: Sequence[BarSource],
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
    stopped carries on where it was. The whole range is planned before the first request. Each
    source is asked once a chunk, for what those before it did not give; a session that no source
    has is reported, and asked for again by the next run alone.

    Raises:
        ConfigurationError: the range is empty, or reaches past the latest closed session.
        BudgetSpent: the first source's day does not allow it; nothing was asked for.
        UnknownSymbol: as `askable_symbols`, or nothing tells which symbols to ask for.
        AlphaOracleError: the first source's error, where no source answered for a chunk.
    """
    sessions = _sessions(start, end, at=clock.now())
    chunks = _chunks(sources, stores, sessions, only=only)
    lacking = sorted({symbol for chunk in chunks for symbol in chunk.lacking})
    require_budget(plan_range(sources, lacking, start=sessions[0], end=sessions[-1]))
    done = 0
    for chunk in chunks:
        done += len(chunk.sessions)
        yield _filled(
            sources, stores, chunk, bounds=bounds, clock=clock, done=done, total=len(sessions)
        )


def _filled(
    sources: Sequence[BarSource],
    stores: MarketStores,
    chunk: _Chunk,
    *,
    bounds: ValidationBounds,
    clock: Clock,
    done: int,
    total: int,
) -> BackfillStep:
    latest = latest_closed_session(clock.now())
    chain = Chain(sources, _wanted(chunk, stores, latest=latest))
    span = {"start": chunk.start, "end": chunk.end, "latest": latest}
    # Each answer is received when it comes: a correction is known from then on.
    taken = [
        take_in(answer, stores, bounds=bounds, at=clock.now(), **span) for answer in chain.answers()
    ]
    return BackfillStep(
        start=chunk.start,
        end=chunk.end,
        sessions_done=done,
        sessions_total=total,
        fetched_symbols=len(chunk.lacking),
        stored=sum(part.stored.inserted + part.stored.corrected for part in taken),
        quarantined=sum(len(part.held) for part in taken),
        validation=merged_report(part.validation for part in taken),
        sources=chain.counts,
        lacking=chain.lacking,
        absent=chain.absent,
        overlap=merged_overlap(part.overlap for part in taken),
    )


def _sessions(start: Session, end: Session, *, at: datetime) -> tuple[Session, ...]:
    latest = latest_closed_session(at)
    if end > latest:
        raise ConfigurationError(f"{end} has not closed; backfill up to {latest} at the latest")
    sessions = sessions_between(start, end)
    if not sessions:
        raise ConfigurationError(f"there is no session from {start} to {end}; widen the range")
    return sessions


def _chunks(
    sources: Sequence[BarSource],
    stores: MarketStores,
    sessions: Sequence[Session],
    *,
    only: Sequence[str] | None,
) -> list[_Chunk]:
    chunks, is_anything_known = [], False
    # Most symbols lack the same sessions: each set of them is kept once.
    same: dict[frozenset[Session], frozenset[Session]] = {}
    for first in range(0, len(sessions), CHUNK_SESSIONS):
        chunk = tuple(sessions[first : first + CHUNK_SESSIONS])
        there = stores.bars.symbols_stored(start=chunk[0], end=chunk[-1])
        lacking: dict[Symbol, set[Session]] = {}
        for session in chunk:
            universe = askable_symbols(session, sources=sources, stores=stores, only=only)
            is_anything_known |= bool(universe)
            for symbol in frozenset(universe) - there.get(session, frozenset()):
                lacking.setdefault(symbol, set()).add(session)
        frozen = {symbol: frozenset(found) for symbol, found in lacking.items()}
        shared = {symbol: same.setdefault(found, found) for symbol, found in frozen.items()}
        chunks.append(_Chunk(sessions=chunk, lacking=shared))
    if not is_anything_known:
        require_symbols(sources, around=sessions[0])
    return chunks


def _wanted(chunk: _Chunk, stores: MarketStores, *, latest: Session) -> Wanted:
    symbols = sorted(chunk.lacking)
    # Older bars than those stored are held against what follows them.
    after = min(shift_session(chunk.end, OVERLAP_SESSIONS), latest)
    behind = stores.bars.symbols_stored(start=next_session_after(chunk.end), end=after)
    is_followed = not frozenset(symbols).isdisjoint(frozenset().union(*behind.values()))
    return Wanted(
        sessions=chunk.lacking,
        start=chunk.start,
        end=after if is_followed else chunk.end,
        overlap=overlap_starts(stores.bars, symbols, before=chunk.start),
    )
