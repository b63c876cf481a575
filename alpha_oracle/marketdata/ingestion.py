"""A session's bars, from their sources into the store: fetched once, judged, kept or held."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.validation import (
    Completeness,
    IngestReport,
    ValidationReport,
    merged_overlap,
    merged_report,
)
from alpha_oracle.errors import IncompleteSession
from alpha_oracle.marketdata.chain import Chain, Wanted
from alpha_oracle.marketdata.intake import take_in
from alpha_oracle.marketdata.known import overlap_starts, present_symbols
from alpha_oracle.marketdata.universe import EXPECTED_FROM_SESSIONS, given_by
from alpha_oracle.marketdata.validation.context import Coverage
from alpha_oracle.marketdata.validation.validate import coverage_result

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.intake import TakenIn
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource, BarStore, DoneSet

_NAMED: Final = 10
_NAMED_BY_REASON: Final = 3


def ingest(
    sources: Sequence[BarSource],
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

    Each source is asked, in their order, for what those before it did not give; what one gave is
    stored before the next is asked. What is stored is the truth; the done set is only told of it,
    after the store has committed. `force` works with what is stored and fetches nothing.

    Raises:
        AlphaOracleError: the first source's error, where no source answered.
        StoreUnavailable: a store is away; repeat it.
    """
    before = _stored(stores.bars, session) & frozenset(symbols)
    wanted = () if force else tuple(symbol for symbol in symbols if symbol not in before)
    chain = Chain(sources, _wanted(wanted, stores.bars, session))
    taken = [
        take_in(answer, stores, start=session, end=session, bounds=bounds, latest=session, at=at)
        for answer in chain.answers()
    ]
    stored = before.union(*(present_symbols(part.accepted) for part in taken))
    _tell(done, session, stored)
    names = [source.name for source in sources]
    expected = expected_symbols(stores.bars, wanted, sources=names, session=session)
    coverage = Coverage(expected=len(expected), min_pct=min_completeness_pct)
    validation = merged_report(part.validation for part in taken)
    validation = _with_coverage(validation, coverage) if wanted else validation
    missing = tuple(symbol for symbol in symbols if symbol not in stored)
    return IngestReport(
        session=session,
        requested=len(symbols),
        already_stored=len(before),
        fetched=validation.received,
        accepted=validation.accepted,
        quarantined=validation.quarantined,
        missing=missing,
        validation=validation,
        sources=chain.counts,
        absent=chain.absent,
        overlap=merged_overlap(part.overlap for part in taken),
        why_missing=_why_missing(missing, chain, taken),
    )


def completeness(
    store: BarStore,
    symbols: Collection[Symbol],
    *,
    sources: Sequence[str],
    session: Session,
    min_pct: float,
    why_missing: Mapping[Symbol, str] | None = None,
) -> Completeness:
    """Count the expected symbols that are stored for a session.

    Expected are those of `symbols` (the members) that had a bar from any of `sources` in the five
    sessions before. `why_missing` tells what ingestion found.

    Raises:
        IncompleteSession: fewer than `min_pct` percent are stored, or nothing is.
    """
    expected = expected_symbols(store, symbols, sources=sources, session=session)
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
        reasons = _by_reason(tuple(sorted(symbols)), why_missing or {})
        raise IncompleteSession(
            f"{session}: no bar is stored and {' and '.join(sources)} had none in the "
            f"{EXPECTED_FROM_SESSIONS} sessions before{reasons}; import bars, or mend the source "
            "(where it is files: point data.files.path at bars that reach this session)"
        )
    if found.pct < min_pct:
        raise IncompleteSession(
            f"{session}: {found.stored} of {found.expected} expected symbols are stored "
            f"({found.pct:.1f} %, bound {min_pct:g} %); missing {_named(missing, _NAMED)}"
            f"{_by_reason(missing, why_missing or {})}; "
            "run the session again when the source has them, or see `quarantine list`"
        )
    return found


def expected_symbols(
    store: BarStore, symbols: Collection[Symbol], *, sources: Sequence[str], session: Session
) -> frozenset[Symbol]:
    """Return those of `symbols` that had a bar from a source in the five sessions before."""
    return frozenset(symbols) & given_by(store, sources, before=session)


def _wanted(symbols: Sequence[Symbol], store: BarStore, session: Session) -> Wanted:
    return Wanted(
        sessions={symbol: frozenset({session}) for symbol in symbols},
        start=session,
        end=session,
        overlap=overlap_starts(store, symbols, before=session),
    )


def _with_coverage(validation: ValidationReport, coverage: Coverage) -> ValidationReport:
    result = coverage_result(validation.accepted, coverage)
    return ValidationReport(
        received=validation.received,
        accepted=validation.accepted,
        quarantined=validation.quarantined,
        results=(*validation.results, result),
    )


def _why_missing(
    missing: Sequence[Symbol], chain: Chain, taken: Iterable[TakenIn]
) -> dict[Symbol, str]:
    held = {
        bar.symbol: f"held: {', '.join(bar.expectations)}" for part in taken for bar in part.held
    }
    reasons = {symbol: held.get(symbol) or chain.reason(symbol) for symbol in missing}
    return {symbol: reason for symbol, reason in reasons.items() if reason}


def _stored(store: BarStore, session: Session) -> frozenset[Symbol]:
    return store.symbols_stored(start=session, end=session).get(session, frozenset())


def _tell(done: DoneSet, session: Session, stored: frozenset[Symbol]) -> None:
    untold = sorted(stored - done.done(session))
    if untold:
        done.mark(session, untold)


def _by_reason(missing: Sequence[Symbol], why_missing: Mapping[Symbol, str]) -> str:
    groups: dict[str, list[Symbol]] = defaultdict(list)
    for symbol in missing:
        if symbol in why_missing:
            groups[why_missing[symbol]].append(symbol)
    by_size = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    told = (f"{reason} ({_named(group, _NAMED_BY_REASON)})" for reason, group in by_size)
    return f" because {'; '.join(told)}" if groups else ""


def _named(symbols: Sequence[Symbol], count: int) -> str:
    more = len(symbols) - count
    return ", ".join(symbols[:count]) + (f" and {more} more" if more > 0 else "")
