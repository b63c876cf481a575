"""Bars for a range of sessions, some symbols at a time. What is stored is the record of progress.

A symbol is asked for once, with all it lacks: vendors answer for years as readily as for a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import next_session_after, sessions_between, shift_session
from alpha_oracle.domain.market import BENCHMARK
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
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import Absence
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.clock import Clock

ROWS_AT_ONCE: Final = 32_000
"""How many bars one step may bring, so that memory does not grow with the range."""

_READ_SESSIONS: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStep:
    """Some symbols done: the sessions they lacked, from first to last, the rows stored and held.

    `lacking` symbols still have no bar on some session that was asked for (before a listing,
    after a delisting, or truly missing); `absent` tells what each source said of them.
    """

    start: Session
    end: Session
    symbols_done: int
    symbols_total: int
    stored: int
    quarantined: int
    validation: ValidationReport
    sources: tuple[SourceCount, ...]
    lacking: tuple[Symbol, ...]
    absent: tuple[Absence, ...]
    overlap: OverlapReport


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Symbols asked for together, with the sessions each lacks."""

    lacking: Mapping[Symbol, frozenset[Session]]

    @property
    def start(self) -> Session:
        return min(map(min, self.lacking.values()))

    @property
    def end(self) -> Session:
        return max(map(max, self.lacking.values()))


def backfill(
    sources: Sequence[BarSource],
    stores: MarketStores,
    *,
    start: Session,
    end: Session,
    bounds: ValidationBounds,
    clock: Clock,
    only: Sequence[str] | None = None,
    benchmark: bool = False,
) -> Iterator[BackfillStep]:
    """Fetch and store what is missing from `start` to `end`, yielding after each step is stored.

    A symbol with a bar on every session is not fetched again, so a run that was stopped carries
    on where it was. The whole range is planned before the first request. Each source is asked
    once for a symbol, for what those before it did not give; a session that no source has is
    reported, and asked for again by the next run alone. `benchmark` asks for SPY alone, which no
    universe names.

    Raises:
        ConfigurationError: the range is empty, or reaches past the latest closed session.
        BudgetSpent: the first source's day does not allow it; nothing was asked for.
        UnknownSymbol: as `askable_symbols`, or nothing tells which symbols to ask for.
        AlphaOracleError: the first source's error, where no source answered for some symbols.
    """
    sessions = _sessions(start, end, at=clock.now())
    universe = partial(askable_symbols, sources=sources, stores=stores, only=only)
    lacking = _lacking(stores, sessions, universe=_only_benchmark if benchmark else universe)
    if lacking is None:
        require_symbols(sources, around=sessions[0])
        return
    require_budget(plan_range(sources, sorted(lacking), start=sessions[0], end=sessions[-1]))
    done = 0
    for group in _groups(lacking, sessions):
        done += len(group.lacking)
        yield _filled(
            sources, stores, group, bounds=bounds, clock=clock, done=done, total=len(lacking)
        )


def _filled(
    sources: Sequence[BarSource],
    stores: MarketStores,
    group: _Group,
    *,
    bounds: ValidationBounds,
    clock: Clock,
    done: int,
    total: int,
) -> BackfillStep:
    latest = latest_closed_session(clock.now())
    chain = Chain(sources, _wanted(group, stores, latest=latest))
    span = {"start": group.start, "end": group.end, "latest": latest}
    # Each answer is received when it comes: a correction is known from then on.
    taken = [
        take_in(answer, stores, bounds=bounds, at=clock.now(), **span) for answer in chain.answers()
    ]
    return BackfillStep(
        start=group.start,
        end=group.end,
        symbols_done=done,
        symbols_total=total,
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


def _only_benchmark(_session: Session) -> tuple[Symbol, ...]:
    return (BENCHMARK,)


def _lacking(
    stores: MarketStores,
    sessions: Sequence[Session],
    *,
    universe: Callable[[Session], tuple[Symbol, ...]],
) -> dict[Symbol, frozenset[Session]] | None:
    # None: nothing tells of any symbol.
    parts: dict[Symbol, list[frozenset[Session]]] = {}
    is_anything_known = False
    # Most symbols lack the same sessions: each set of them is kept once.
    same: dict[Hashable, frozenset[Session]] = {}
    for first in range(0, len(sessions), _READ_SESSIONS):
        read = sessions[first : first + _READ_SESSIONS]
        there = stores.bars.symbols_stored(start=read[0], end=read[-1])
        lacking: dict[Symbol, set[Session]] = {}
        for session in read:
            symbols = universe(session)
            is_anything_known |= bool(symbols)
            for symbol in frozenset(symbols) - there.get(session, frozenset()):
                lacking.setdefault(symbol, set()).add(session)
        for symbol, found in lacking.items():
            part = frozenset(found)
            parts.setdefault(symbol, []).append(same.setdefault(part, part))
    if not is_anything_known:
        return None
    return {symbol: _union(tuple(found), same) for symbol, found in parts.items()}


def _union(
    parts: tuple[frozenset[Session], ...], same: dict[Hashable, frozenset[Session]]
) -> frozenset[Session]:
    if parts not in same:
        same[parts] = frozenset().union(*parts)
    return same[parts]


def _groups(
    lacking: Mapping[Symbol, frozenset[Session]], sessions: Sequence[Session]
) -> Iterator[_Group]:
    size = max(1, ROWS_AT_ONCE // len(sessions))
    # Those that lack the same years are asked for together.
    symbols = sorted(lacking, key=lambda symbol: (min(lacking[symbol]), symbol))
    for first in range(0, len(symbols), size):
        yield _Group(lacking={symbol: lacking[symbol] for symbol in symbols[first : first + size]})


def _wanted(group: _Group, stores: MarketStores, *, latest: Session) -> Wanted:
    symbols = sorted(group.lacking)
    # Older bars than those stored are held against what follows them.
    after = min(shift_session(group.end, OVERLAP_SESSIONS), latest)
    behind = stores.bars.symbols_stored(start=next_session_after(group.end), end=after)
    is_followed = not frozenset(symbols).isdisjoint(frozenset().union(*behind.values()))
    return Wanted(
        sessions=group.lacking,
        start=group.start,
        end=after if is_followed else group.end,
        overlap=overlap_starts(stores.bars, symbols, before=group.start),
    )
