"""A person's files of reference data into the stores, as a source's answer would come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.domain.reference import Family, Fetch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from alpha_oracle.domain.bars import StoreReport
    from alpha_oracle.domain.fundamentals import ReceivedFacts
    from alpha_oracle.domain.insiders import ReceivedFilings
    from alpha_oracle.domain.levels import ReceivedLevels
    from alpha_oracle.domain.reference import RefusedRow
    from alpha_oracle.domain.short_interest import ReceivedShortInterest
    from alpha_oracle.ports.reference_stores import ReferenceStores


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceImport:
    """What became of a file: rows received are stored, or refused and kept with the reason."""

    received: int
    stored: StoreReport
    refused: int


def import_statements(
    received: ReceivedFacts, families: ReferenceStores, *, source: str, at: datetime
) -> ReferenceImport:
    """Store the facts of a file; safe to repeat."""
    stored = families.facts.store(received.facts, source=source, received_at=at)
    refused = received.refused
    _refuse(Family.FUNDAMENTALS, families, refused, source=source, at=at)
    return _report(len(received.facts), stored, refused)


def import_filings(
    received: ReceivedFilings,
    families: ReferenceStores,
    *,
    source: str,
    at: datetime,
    covers_from: date | None = None,
) -> ReferenceImport:
    """Store ownership filings; safe to repeat.

    `covers_from` is the day from which on the files are said to hold every filing of their
    symbols: without it no window over them is known to be whole.
    """
    stored = families.insiders.store(received.filings, source=source, received_at=at)
    refused = received.refused
    _refuse(Family.INSIDERS, families, refused, source=source, at=at)
    for symbol in sorted({filing.symbol for filing in received.filings}):
        fetch = Fetch(subject=symbol, fetched_at=at, covers_from=covers_from)
        families.log.record(Family.INSIDERS, source, fetch)
    return _report(len(received.filings), stored, refused)


def import_short_interest(
    received: ReceivedShortInterest, families: ReferenceStores, *, source: str, at: datetime
) -> ReferenceImport:
    """Store the positions of a file; safe to repeat."""
    stored = families.short_interest.store(received.positions, source=source, received_at=at)
    refused = received.refused
    _refuse(Family.SHORT_INTEREST, families, refused, source=source, at=at)
    return _report(len(received.positions), stored, refused)


def import_levels(
    received: ReceivedLevels, families: ReferenceStores, *, source: str, at: datetime
) -> ReferenceImport:
    """Store the levels of a file; safe to repeat."""
    stored = families.levels.store(received.levels, source=source, received_at=at)
    refused = received.refused
    _refuse(Family.VOLATILITY, families, refused, source=source, at=at)
    return _report(len(received.levels), stored, refused)


def _refuse(
    family: Family,
    families: ReferenceStores,
    rows: Sequence[RefusedRow],
    *,
    source: str,
    at: datetime,
) -> None:
    if rows:
        families.log.refuse(family, source, rows, at=at)


def _report(usable: int, stored: StoreReport, refused: Sequence[RefusedRow]) -> ReferenceImport:
    return ReferenceImport(received=usable + len(refused), stored=stored, refused=len(refused))
