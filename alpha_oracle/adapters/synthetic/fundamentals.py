"""The `synthetic` source of statements."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.derived import Derived
from alpha_oracle.adapters.synthetic.documents import write_library
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.fundamentals import ReceivedFacts
from alpha_oracle.domain.requests import RequestPlan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.config import SyntheticSettings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.clock import Clock

_NO_WAIT: Final = timedelta(0)


class SyntheticFundamentals:
    """Statements of the generated companies, as they have filed them by the clock's present."""

    def __init__(self, settings: SyntheticSettings, *, clock: Clock) -> None:
        self._clock = clock
        self._library = Derived(settings, write_library)

    @property
    def name(self) -> str:
        """The name the facts carry."""
        return "synthetic"

    @property
    def worth_asking_after(self) -> timedelta:
        """Asking costs nothing: ask every time."""
        return _NO_WAIT

    def plan(self, symbols: Sequence[Symbol]) -> RequestPlan:
        """Return a plan of no requests."""
        return RequestPlan(source=self.name, symbols=len(symbols), requests=0)

    def fetch(self, symbol: Symbol, *, since: datetime | None) -> ReceivedFacts:
        """Return what a company has filed by now; nothing where it has not filed since `since`."""
        now = self._clock.now()
        market, library = self._library.through(now.astimezone(calendar.NEW_YORK).date())
        column = market.column(symbol)
        reports = [] if column is None else library.reports(column, until=now)
        if column is None or not reports:
            return ReceivedFacts(absence=self._absence(symbol))
        if since is not None and reports[-1].known_at <= since:
            return ReceivedFacts()
        return ReceivedFacts(facts=tuple(library.facts(symbol, column, reports=reports)))

    def _absence(self, symbol: Symbol) -> Absence:
        return Absence(
            symbol=symbol,
            source=self.name,
            kind=AbsenceKind.UNKNOWN_SYMBOL,
            reason="no company of the generated market has filed under this symbol yet",
        )
