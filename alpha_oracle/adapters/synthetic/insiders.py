"""The `synthetic` source of insiders' filings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.insider_filings import filings_of
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.insiders import ReceivedFilings

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from alpha_oracle.config import SyntheticSettings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.clock import Clock


class SyntheticInsiders:
    """Forms 4 and 4/A of the generated companies, as filed by the clock's present."""

    def __init__(self, settings: SyntheticSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def name(self) -> str:
        """The name the filings carry."""
        return "synthetic"

    def fetch(self, symbol: Symbol, *, start: date, known: Collection[str]) -> ReceivedFilings:
        """Return the filings of `start` or later that are not `known`, by when they were filed."""
        now = self._clock.now()
        today = now.astimezone(calendar.NEW_YORK).date()
        market = market_through(self._settings, today)
        column = market.column(symbol)
        if column is None or market.companies.listed[column] >= market.sessions_through(today):
            return ReceivedFilings(absence=self._absence(symbol))
        filings = filings_of(
            self._settings.seed, market, column, start=start, until=now, through=today
        )
        told = [filing for filing in filings if filing.accession not in known]
        return ReceivedFilings(
            filings=tuple(sorted(told, key=lambda filing: (filing.known_at, filing.accession)))
        )

    def _absence(self, symbol: Symbol) -> Absence:
        return Absence(
            symbol=symbol,
            source=self.name,
            kind=AbsenceKind.UNKNOWN_SYMBOL,
            reason="no company of the generated market is listed under this symbol yet",
        )
