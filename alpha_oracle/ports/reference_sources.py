"""Who answers for statements, insiders, short interest and index levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime, timedelta

    from alpha_oracle.domain.fundamentals import ReceivedFacts
    from alpha_oracle.domain.insiders import ReceivedFilings
    from alpha_oracle.domain.levels import ReceivedLevels
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.requests import RequestPlan
    from alpha_oracle.domain.short_interest import ReceivedShortInterest


class FundamentalsSource(Protocol):
    """Someone who answers for companies' statements. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The name the facts carry: `edgar`, `alpha_vantage`, ..."""
        ...

    @property
    def worth_asking_after(self) -> timedelta:
        """How old a symbol's last answer must be before a daily run asks again."""
        ...

    def plan(self, symbols: Sequence[Symbol]) -> RequestPlan:
        """Return how many requests of a daily budget `fetch` of each would send; sends none."""
        ...

    def fetch(self, symbol: Symbol, *, since: datetime | None) -> ReceivedFacts:
        """Return a symbol's facts, every period and revision the source has.

        `since` is when it last answered whole (None: never); a source that can tell that nothing
        was filed since then answers with nothing.

        Raises:
            TransientError: ask again later.
            BudgetSpent: the vendor's day is used up.
            DataError: the answer cannot be read.
            ConfigurationError: the source is not set up.
        """
        ...


class InsiderSource(Protocol):
    """Someone who answers for ownership filings. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The name the filings carry."""
        ...

    def fetch(self, symbol: Symbol, *, start: date, known: Collection[str]) -> ReceivedFilings:
        """Return the Forms 4 and 4/A filed on `start` or later whose accession is not `known`.

        A filing that cannot be read is refused alone, under its accession; the others come. Of a
        source that goes away in the middle, what came is returned, with an absence that failed.

        Raises:
            TransientError: nothing came; ask again later.
            DataError: the list of filings cannot be read.
            ConfigurationError: the source is not set up.
        """
        ...


class ShortInterestSource(Protocol):
    """Someone who answers for short interest, a file of all symbols a settlement date."""

    @property
    def name(self) -> str:
        """The name the positions carry."""
        ...

    def settlements(self, *, start: date, now: datetime) -> tuple[date, ...]:
        """Return the settlement dates from `start` on that are due for publication by `now`."""
        ...

    def fetch(self, settlement: date) -> ReceivedShortInterest:
        """Return the file of a settlement date.

        Raises:
            NotPublished: it is not there yet.
            TransientError: ask again later.
            DataError: it cannot be read, or is cut off.
            ConfigurationError: the source is not set up.
        """
        ...


class LevelSource(Protocol):
    """Someone who answers for the daily levels of an index."""

    @property
    def name(self) -> str:
        """The name the levels carry."""
        ...

    def fetch(self, series: str, *, start: Session, end: Session) -> ReceivedLevels:
        """Return the levels from `start` to `end`, both included, that are final.

        Raises:
            TransientError: ask again later.
            DataError: the answer cannot be read.
            ConfigurationError: the source is not set up, or has no such series.
        """
        ...
