"""The generated market as a whole: everything of a seed, up to a session.

What happened on a session depends on the seed and on what came before it, never on how far the
market is generated or on who asks: every draw has its own stream, every recursion runs forward.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.companies import found_companies
from alpha_oracle.adapters.synthetic.factors import draw_factors
from alpha_oracle.adapters.synthetic.index import index_levels, vix_levels
from alpha_oracle.adapters.synthetic.prices import draw_bars, trace_paths
from alpha_oracle.adapters.synthetic.returns import draw_returns
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.actions import Actions
    from alpha_oracle.adapters.synthetic.companies import Companies
    from alpha_oracle.adapters.synthetic.index import Levels
    from alpha_oracle.adapters.synthetic.prices import DailyBars
    from alpha_oracle.config import SyntheticSettings
    from alpha_oracle.domain.market import Symbol

_FIRST_DAYS: Final = timedelta(days=14)
"""No two weeks pass without a session."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """A generated market; matrices are `sessions x companies`, both ascending."""

    sessions: NDArray[np.datetime64]
    companies: Companies
    bars: DailyBars
    actions: Actions
    index: Levels
    vix: Levels

    def column(self, symbol: Symbol) -> int | None:
        """Return a symbol's place among the companies, None where there is no such company."""
        symbols = self.companies.symbols
        place = bisect_left(symbols, symbol)
        return place if place < len(symbols) and symbols[place] == symbol else None

    def sessions_through(self, day: date) -> int:
        """Return how many sessions of the market are not after a day."""
        return int(np.searchsorted(self.sessions, np.datetime64(day, "D"), side="right"))

    def rows(self, start: date, end: date) -> slice:
        """Return the sessions from `start` to `end`, both included, as positions."""
        first = int(np.searchsorted(self.sessions, np.datetime64(start, "D")))
        return slice(first, max(first, self.sessions_through(end)))


def generate(settings: SyntheticSettings, *, through: date) -> Market:
    """Return the market from its start through a day.

    Raises:
        ConfigurationError: there is no session from its start to that day.
    """
    days = calendar.sessions_between(settings.start, through)
    if not days:
        raise ConfigurationError(
            f"the generated market starts on {settings.start}, with no session through {through}; "
            "set data.synthetic.start to an earlier day"
        )
    seed, count = settings.seed, len(days)
    companies = found_companies(seed, settings.symbols, sessions=count)
    factors = draw_factors(seed, count)
    returns = draw_returns(seed, companies, factors=factors)
    paths = trace_paths(seed, companies, returns=returns)
    return Market(
        sessions=np.array(days, dtype="datetime64[D]"),
        companies=companies,
        bars=draw_bars(seed, companies, paths=paths, returns=returns, stress=factors.stress),
        actions=paths.actions,
        index=index_levels(seed, companies, factors=factors, paths=paths),
        vix=vix_levels(seed, factors),
    )


def market_through(settings: SyntheticSettings, day: date) -> Market:
    """Return the market through a day or beyond, generated once a process where that reaches."""
    return _growing(settings).through(day)


class _Growing:
    # Grows by whole years: a year's sessions asked for one by one cost one generation.

    def __init__(self, settings: SyntheticSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._reaches = date.min
        self._market: Market | None = None

    def through(self, day: date) -> Market:
        within = min(max(day, self._settings.start + _FIRST_DAYS), calendar.last_session())
        with self._lock:
            if self._market is None or within > self._reaches:
                self._reaches = date(within.year, 12, 31)
                self._market = generate(self._settings, through=self._reaches)
            return self._market


@lru_cache(maxsize=2)
def _growing(settings: SyntheticSettings) -> _Growing:
    return _Growing(settings)
