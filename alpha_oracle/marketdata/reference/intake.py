"""Reference data in: one family at a time, daily for what is new, in full for a whole history.

Whatever a source says or does not say ends in a report: features without data are unknown, and the
run that reads them goes on. Only a store that is away stops it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.reference import Family, FamilyReport
from alpha_oracle.errors import AlphaOracleError, StoreUnavailable
from alpha_oracle.marketdata.reference.asking import unwatched
from alpha_oracle.marketdata.reference.benchmark import refresh_benchmark
from alpha_oracle.marketdata.reference.refreshing import Refresh
from alpha_oracle.marketdata.universe import followed_symbols

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, timedelta

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.reference_sources import (
        FundamentalsSource,
        InsiderSource,
        LevelSource,
        ShortInterestSource,
    )
    from alpha_oracle.ports.reference_stores import ReferenceStores


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSources:
    """Who is asked for each family, opened when first asked; None: nobody."""

    fundamentals: Callable[[], FundamentalsSource] | None
    insiders: Callable[[], InsiderSource] | None
    short_interest: Callable[[], ShortInterestSource] | None
    volatility: Callable[[], LevelSource] | None
    benchmark: Callable[[str | None], tuple[BarSource, ...]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FullRefresh:
    """How far a full refresh goes: from which day on, and what is new enough to leave alone."""

    start: date
    worth_asking_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceIntake:
    """The way of every family into its store."""

    sources: ReferenceSources
    families: ReferenceStores
    market: MarketStores
    bounds: ValidationBounds
    clock: Clock

    def daily(
        self,
        family: Family,
        symbols: Sequence[Symbol],
        *,
        session: Session,
        bars_from: str | None = None,
    ) -> FamilyReport:
        """Ask for what is new of a family, for the symbols of a session.

        Raises:
            StoreUnavailable: a store is away; what was stored stands, repeat it.
        """
        return self._reported(
            family, lambda: self._daily(family, symbols, session=session, bars_from=bars_from)
        )

    def full(
        self,
        family: Family,
        symbols: Sequence[Symbol],
        *,
        reach: FullRefresh,
        show: Callable[[int, int], None] = unwatched,
    ) -> FamilyReport:
        """Ask for the whole history of a family; a repetition goes on where it was killed.

        Raises:
            StoreUnavailable: a store is away; what was stored stands, repeat it.
        """
        return self._reported(family, lambda: self._full(family, symbols, reach=reach, show=show))

    def _daily(
        self, family: Family, symbols: Sequence[Symbol], *, session: Session, bars_from: str | None
    ) -> FamilyReport | None:
        asking, sources = Refresh(stores=self.families, clock=self.clock), self.sources
        match family:
            case Family.FUNDAMENTALS if sources.fundamentals:
                return asking.fundamentals(sources.fundamentals(), symbols)
            case Family.INSIDERS if sources.insiders:
                return asking.insiders(sources.insiders(), symbols)
            case Family.SHORT_INTEREST if sources.short_interest:
                everybody = {*followed_symbols(self.market), *symbols}
                return asking.short_interest(sources.short_interest(), everybody)
            case Family.VOLATILITY if sources.volatility:
                start = self._first_session(session)
                return asking.volatility(sources.volatility(), start=start, through=session)
            case Family.BENCHMARK if sources.benchmark:
                return refresh_benchmark(
                    sources.benchmark(bars_from)[:1],
                    self.market,
                    through=session,
                    bounds=self.bounds,
                    clock=self.clock,
                )
        return None

    def _full(
        self,
        family: Family,
        symbols: Sequence[Symbol],
        *,
        reach: FullRefresh,
        show: Callable[[int, int], None],
    ) -> FamilyReport | None:
        asking, sources = Refresh(stores=self.families, clock=self.clock, show=show), self.sources
        age = reach.worth_asking_after
        match family:
            case Family.FUNDAMENTALS if sources.fundamentals:
                source = sources.fundamentals()
                return asking.fundamentals(source, symbols, worth_asking_after=age)
            case Family.INSIDERS if sources.insiders:
                return asking.insiders(
                    sources.insiders(), symbols, start=reach.start, worth_asking_after=age
                )
            case Family.SHORT_INTEREST if sources.short_interest:
                return asking.short_interest(
                    sources.short_interest(), symbols, start=reach.start, worth_asking_after=age
                )
            case Family.VOLATILITY if sources.volatility:
                today = self.clock.now().astimezone(NEW_YORK).date()
                return asking.volatility(
                    sources.volatility(), start=reach.start, through=today, again=True
                )
        return None

    def _first_session(self, session: Session) -> Session:
        span = self.market.bars.span()
        return session if span is None else min(span[0], session)

    def _reported(self, family: Family, work: Callable[[], FamilyReport | None]) -> FamilyReport:
        try:
            return work() or FamilyReport(family=family)
        except StoreUnavailable:
            raise
        except AlphaOracleError as error:
            # The source could not even be opened, or its plan made: nothing was asked.
            return FamilyReport(family=family, source="-", ended_by=str(error))
