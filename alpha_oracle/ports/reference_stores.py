"""Where statements, insiders' filings, short interest and index levels are kept.

All are bitemporal: what a row is about, since when it could be known, and which revision it is. A
row new to a store keeps the `known_at` it came with, however late it comes: it serves reads as of
then. One whose figures differ from the newest stored revision becomes a revision, known from the
latest of its own `known_at`, `received_at` and the `known_at` of the revision before. One that does
not differ changes nothing, whatever `known_at` it comes with. Nothing stored is changed or taken
back, storing is safe to repeat and to race, and a call that fails keeps nothing. `as_of` itself is
included: what became known at that instant is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from alpha_oracle.domain.bars import StoreReport
    from alpha_oracle.domain.fundamentals import FactColumns, FinancialFact
    from alpha_oracle.domain.insiders import FilingColumns, OwnershipFiling
    from alpha_oracle.domain.levels import IndexLevel
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.reference import Family, Fetch, RefusedRow
    from alpha_oracle.domain.short_interest import ShortInterestColumns, ShortPosition


class FactStore(Protocol):
    """Facts by source, symbol, item, period and document."""

    def store(
        self, facts: Sequence[FinancialFact], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep facts of one source, in whatever order its documents come.

        A row is what a document tells of an item and period: new where the document had not told
        of them (though another had told the same), a correction where it told another value.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
            DataError: a document gives a figure twice with different values; nothing was kept.
        """
        ...

    def load(self, *, as_of: datetime, symbols: Sequence[Symbol] | None = None) -> FactColumns:
        """Return every revision known at `as_of`: each value that took the place of another.

        Of an item and period the latest document counts (of one instant, the last by name), and of
        a document its newest correction. So a later document with another value is a revision
        known from that document's `known_at`, one with the same value is none, and a correction of
        an earlier document is none where a later one was known by then.

        Where several sources tell of a symbol one speaks for it, whatever `as_of`: the first of
        `files`, `edgar`, `alpha_vantage`, `synthetic`. Their periods and items do not mix.
        `symbols` of the answer are those that have a row in it.
        """
        ...


class InsiderStore(Protocol):
    """Ownership filings by symbol and accession."""

    def store(
        self, filings: Sequence[OwnershipFiling], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep filings; one already stored changes nothing: an amendment is a filing of its own.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
        """
        ...

    def accessions(self, symbol: Symbol) -> frozenset[str]:
        """Return the accession numbers that need not be fetched for a symbol.

        Those of its filings stored, and those of all filings refused: the subjects of the rows
        that `FetchLog.refuse` keeps of this family.
        """
        ...

    def load(self, *, as_of: datetime) -> FilingColumns:
        """Return the filings known at `as_of` that tell of an open-market trade, and amendments.

        An amendment may take the place of a filing that tells of one. `symbols` of the answer are
        those that have a row in it.
        """
        ...


class ShortInterestStore(Protocol):
    """Short positions by settlement date and symbol."""

    def store(
        self, positions: Sequence[ShortPosition], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep positions; one that differs from what is stored is a correction.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
            DataError: a symbol is given twice with different values; nothing was kept.
        """
        ...

    def settlements(self) -> frozenset[date]:
        """Return the settlement dates of which something is stored."""
        ...

    def load(self, *, as_of: datetime) -> ShortInterestColumns:
        """Return every revision known at `as_of`; `symbols` are those that have a row."""
        ...


class LevelStore(Protocol):
    """Index levels by series and session."""

    def store(
        self, levels: Sequence[IndexLevel], *, source: str, received_at: datetime
    ) -> StoreReport:
        """Keep levels; one that differs from what is stored is a correction.

        Raises:
            StoreUnavailable: nothing was kept; repeat it.
            DataError: a session is given twice with different levels; nothing was kept.
        """
        ...

    def last(self, series: str) -> Session | None:
        """Return the newest session stored of a series."""
        ...

    def load(
        self, series: str, *, start: Session, end: Session, as_of: datetime
    ) -> tuple[IndexLevel, ...]:
        """Return the levels of sessions `start` to `end` as known at `as_of`, ascending.

        One a session: the newest revision known then.
        """
        ...


class FetchLog(Protocol):
    """What was asked of whom, so that a run goes on where one was killed."""

    def fetches(self, family: Family, source: str) -> Mapping[str, Fetch]:
        """Return the last whole answer by subject."""
        ...

    def record(self, family: Family, source: str, fetch: Fetch) -> None:
        """Keep that a subject was answered whole and stored.

        What is kept only grows: the newest `fetched_at`, the earliest `covers_from`.
        """
        ...

    def coverage(self, family: Family) -> Mapping[str, date]:
        """Return from which day on each subject is complete, by any source.

        Subjects without such a day are absent.
        """
        ...

    def refuse(
        self, family: Family, source: str, rows: Sequence[RefusedRow], *, at: datetime
    ) -> int:
        """Keep rows that could not be used; return how many were not kept before.

        A row is the same where all of it is; the time at which it came first is kept.
        """
        ...

    def refused(self, family: Family, *, limit: int | None = None) -> Sequence[RefusedRow]:
        """Return the rows kept, newest first."""
        ...


class FamilyIndex(Protocol):
    """Which families anything is stored of."""

    def stored(self) -> frozenset[Family]:
        """Return them; the benchmark counts where a bar of SPY is stored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStores:
    """Where each family is kept, which there are, and the log of what was asked of whom."""

    facts: FactStore
    insiders: InsiderStore
    short_interest: ShortInterestStore
    levels: LevelStore
    log: FetchLog
    index: FamilyIndex
