"""Each family brought up to date: what is due is asked for, judged by its noun, and stored.

A daily run asks for what is new, a full one for a whole history; both are the same work with
another start, and both go on where a killed one was, because the log says what came whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from alpha_oracle.calendar import (
    NEW_YORK,
    latest_finished_session,
    next_session_after,
    sessions_between,
)
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.reference import Family, FamilyReport, Fetch
from alpha_oracle.marketdata.reference.asking import THREADS, Asking, Taken, unwatched

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from alpha_oracle.domain.bars import Absence, StoreReport
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.reference import RefusedRow
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.reference_sources import (
        FundamentalsSource,
        InsiderSource,
        LevelSource,
        ShortInterestSource,
    )
    from alpha_oracle.ports.reference_stores import ReferenceStores

Subject = TypeVar("Subject")

FIRST_LOOK_DAYS: Final = 14
"""How far back a daily run looks at insiders and short interest it never asked for before."""

LATE_FILING_DAYS: Final = 5
"""A list of filings may still gain one of some days ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """What one run asks with. `show` is told how many of how many are answered."""

    stores: ReferenceStores
    clock: Clock
    show: Callable[[int, int], None] = unwatched

    def fundamentals(
        self,
        source: FundamentalsSource,
        symbols: Sequence[Symbol],
        *,
        worth_asking_after: timedelta | None = None,
    ) -> FamilyReport:
        """Ask for the statements of symbols whose last answer is old enough.

        `worth_asking_after` stands in place of the source's own.
        """
        fetched = self.stores.log.fetches(Family.FUNDAMENTALS, source.name)
        age = source.worth_asking_after if worth_asking_after is None else worth_asking_after
        due = _older_than(age, symbols, fetched, now=self.clock.now())

        def take(symbol: Symbol) -> Taken:
            asked_at = self.clock.now()
            last = fetched.get(symbol)
            answer = source.fetch(symbol, since=None if last is None else last.fetched_at)
            stored = self.stores.facts.store(
                answer.facts, source=source.name, received_at=self.clock.now()
            )
            refused = self._refuse(Family.FUNDAMENTALS, source.name, answer.refused)
            taken = _taken(stored, refused, answer.absence)
            if not taken.unfinished:
                self._answered(Family.FUNDAMENTALS, source.name, symbol, at=asked_at)
            return taken

        return self._ask(Family.FUNDAMENTALS, source.name, due, take)

    def insiders(
        self,
        source: InsiderSource,
        symbols: Sequence[Symbol],
        *,
        start: date | None = None,
        worth_asking_after: timedelta = timedelta(0),
    ) -> FamilyReport:
        """Ask for the ownership filings of symbols since each was asked last.

        With `start`, from that day on where it is earlier than what is covered.
        """
        fetched = self.stores.log.fetches(Family.INSIDERS, source.name)
        now = self.clock.now()
        old = frozenset(_older_than(worth_asking_after, symbols, fetched, now=now))
        due = [one for one in symbols if one in old or _reaches_back(start, fetched.get(one))]

        def take(symbol: Symbol) -> Taken:
            asked_at, last = self.clock.now(), fetched.get(symbol)
            begin = _filings_from(start, last, now=asked_at)
            known = self.stores.insiders.accessions(symbol)
            answer = source.fetch(symbol, start=begin, known=known)
            stored = self.stores.insiders.store(
                answer.filings, source=source.name, received_at=self.clock.now()
            )
            refused = self._refuse(Family.INSIDERS, source.name, answer.refused)
            if answer.absence is None:
                covers = begin if last is None or _reaches_back(start, last) else last.covers_from
                self._answered(
                    Family.INSIDERS, source.name, symbol, at=asked_at, covers_from=covers
                )
            return _taken(stored, refused, answer.absence)

        return self._ask(Family.INSIDERS, source.name, due, take)

    def short_interest(
        self,
        source: ShortInterestSource,
        symbols: Collection[Symbol],
        *,
        start: date | None = None,
        worth_asking_after: timedelta | None = None,
    ) -> FamilyReport:
        """Ask for the files of the settlement dates from `start` on that are due and not stored.

        Of each, the positions of `symbols` are kept. With `worth_asking_after`, those stored
        longer ago are asked for too: symbols may have joined since, and FINRA revises.
        """
        now = self.clock.now()
        begin = start or (now.astimezone(NEW_YORK).date() - timedelta(days=3 * FIRST_LOOK_DAYS))
        days = source.settlements(start=begin, now=now)
        if worth_asking_after is None:
            there = self.stores.short_interest.settlements()
            due = [day for day in days if day not in there]
        else:
            fetched = self.stores.log.fetches(Family.SHORT_INTEREST, source.name)
            due = _older_than(worth_asking_after, days, fetched, now=now)
        wanted = frozenset(symbols)

        def take(settlement: date) -> Taken:
            asked_at = self.clock.now()
            answer = source.fetch(settlement)
            stored = self.stores.short_interest.store(
                [position for position in answer.positions if position.symbol in wanted],
                source=source.name,
                received_at=self.clock.now(),
            )
            refused = self._refuse(Family.SHORT_INTEREST, source.name, answer.refused)
            subject = settlement.isoformat()
            self._answered(Family.SHORT_INTEREST, source.name, subject, at=asked_at)
            return Taken(stored=stored, refused=refused)

        return self._ask(Family.SHORT_INTEREST, source.name, due, take)

    def volatility(
        self, source: LevelSource, *, start: Session, through: Session, again: bool = False
    ) -> FamilyReport:
        """Ask for the levels of VIX that follow the newest stored, from `start` on where none is.

        `again` asks for all of them.
        """
        last = None if again else self.stores.levels.last(VIX)
        begin = start if last is None else next_session_after(last)
        end = min(through, latest_finished_session(self.clock.now()))
        due = [VIX] if sessions_between(begin, end) else []

        def take(series: str) -> Taken:
            asked_at = self.clock.now()
            answer = source.fetch(series, start=begin, end=end)
            stored = self.stores.levels.store(
                answer.levels, source=source.name, received_at=self.clock.now()
            )
            refused = self._refuse(Family.VOLATILITY, source.name, answer.refused)
            self._answered(Family.VOLATILITY, source.name, series, at=asked_at)
            return Taken(stored=stored, refused=refused)

        # The gateway's connection belongs to the thread that asks first.
        return self._ask(Family.VOLATILITY, source.name, due, take, threads=1)

    def _ask(
        self,
        family: Family,
        source: str,
        due: Sequence[Subject],
        take: Callable[[Subject], Taken],
        *,
        threads: int = THREADS,
    ) -> FamilyReport:
        return Asking(family, source).ask(
            due,
            take,
            refuse=lambda row: self._refuse(family, source, [row]),
            show=self.show,
            threads=threads,
        )

    def _refuse(self, family: Family, source: str, rows: Sequence[RefusedRow]) -> int:
        if not rows:
            return 0
        return self.stores.log.refuse(family, source, rows, at=self.clock.now())

    def _answered(
        self,
        family: Family,
        source: str,
        subject: str,
        *,
        at: datetime,
        covers_from: date | None = None,
    ) -> None:
        fetch = Fetch(subject=subject, fetched_at=at, covers_from=covers_from)
        self.stores.log.record(family, source, fetch)


def _taken(stored: StoreReport, refused: int, absence: Absence | None) -> Taken:
    if absence is not None and absence.kind is AbsenceKind.FAILED:
        return Taken(stored=stored, refused=refused, unfinished=absence.reason)
    return Taken(stored=stored, refused=refused, absence=absence)


def _older_than(
    age: timedelta, subjects: Sequence[Subject], fetched: Mapping[str, Fetch], *, now: datetime
) -> list[Subject]:
    return [
        subject
        for subject in subjects
        if str(subject) not in fetched or now - fetched[str(subject)].fetched_at >= age
    ]


def _reaches_back(start: date | None, last: Fetch | None) -> bool:
    if start is None or last is None:
        return False
    return last.covers_from is None or start < last.covers_from


def _filings_from(start: date | None, last: Fetch | None, *, now: datetime) -> date:
    today = now.astimezone(NEW_YORK).date()
    if last is None:
        return start or today - timedelta(days=FIRST_LOOK_DAYS)
    since = last.fetched_at.astimezone(NEW_YORK).date() - timedelta(days=LATE_FILING_DAYS)
    return start if start is not None and _reaches_back(start, last) else since
