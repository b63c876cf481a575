"""The `synthetic` source of short interest: a file twice a month."""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic import capital
from alpha_oracle.adapters.synthetic.derived import Derived
from alpha_oracle.adapters.synthetic.streams import Purpose, normals
from alpha_oracle.domain.short_interest import ReceivedShortInterest, ShortPosition
from alpha_oracle.errors import ConfigurationError, NotPublished

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.market import Market
    from alpha_oracle.config import SyntheticSettings
    from alpha_oracle.ports.clock import Clock

_KNOWN_AFTER_SESSIONS: Final = 8
_MID_MONTH: Final = 15
_A_MONTH: Final = timedelta(days=31)
_USUAL_FRACTION: Final = 0.022
_LEAST_FRACTION: Final = 0.0005
_MOST_FRACTION: Final = 0.45
_MEMORY: Final = 0.95
_SWING: Final = 0.45
_BETWEEN_COMPANIES: Final = 0.55
_USUAL_VOLATILITY: Final = 0.012


class SyntheticShortInterest:
    """Short interest in every listed company, as published by the clock's present."""

    def __init__(self, settings: SyntheticSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._short = Derived(settings, _shares_short)

    @property
    def name(self) -> str:
        """The name the positions carry."""
        return "synthetic"

    def settlements(self, *, start: date, now: datetime) -> tuple[date, ...]:
        """Return the settlement dates from `start` on that are published by `now`."""
        opened = calendar.latest_opened_session(now)
        until = calendar.shift_session(opened, -_KNOWN_AFTER_SESSIONS)
        return tuple(settlement_dates(max(start, self._settings.start), until))

    def fetch(self, settlement: date) -> ReceivedShortInterest:
        """Return the positions of a settlement date, by symbol.

        Raises:
            NotPublished: it is not there yet.
            ConfigurationError: it is no settlement date of the generated market.
        """
        if settlement not in settlement_dates(max(settlement, self._settings.start), settlement):
            raise ConfigurationError(f"{settlement} is no settlement date of the generated market")
        known = known_at(settlement)
        if known > self._clock.now():
            raise NotPublished(
                f"the short interest of {settlement} comes at {known:%Y-%m-%d %H:%M} UTC"
            )
        market, short = self._short.through(settlement)
        return ReceivedShortInterest(
            positions=_positions(market, settlement, short=short[settlement])
        )


def settlement_dates(start: date, end: date) -> list[date]:
    """Return the settlement dates from `start` to `end`, both included: two a month, ascending."""
    month = np.arange(np.datetime64(start, "M"), np.datetime64(end, "M") + 1)
    first = month.astype("datetime64[D]")
    middles = (first + (_MID_MONTH - 1)).tolist()
    ends = ((month + 1).astype("datetime64[D]") - 1).tolist()
    days = [calendar.latest_session_on_or_before(day) for day in sorted(middles + ends)]
    return [day for day in days if start <= day <= end]


def known_at(settlement: date) -> datetime:
    """Return when a settlement date's file is known: the open after it was disseminated."""
    return calendar.session_open(calendar.shift_session(settlement, _KNOWN_AFTER_SESSIONS))


def _shares_short(seed: int, market: Market) -> dict[date, NDArray[np.float64]]:
    # A fraction of the shares outstanding; the companies' own levels differ and wander.
    companies = market.companies
    days = settlement_dates(market.sessions[0].item(), market.sessions[-1].item())
    habit = normals(seed, Purpose.SHORT_HABIT, owners=companies.owner, count=1)[0]
    swings = normals(seed, Purpose.SHORT_LEVEL, owners=companies.owner, count=len(days))
    volatility = companies.character.daily_volatility / _USUAL_VOLATILITY
    usual = _USUAL_FRACTION * volatility * np.exp(_BETWEEN_COMPANIES * habit)
    counted = np.repeat(np.array(days, dtype="datetime64[D]")[:, None], len(usual), axis=1)
    outstanding = capital.shares_outstanding(seed, market, counted)
    level = swings[0]
    short = {}
    for day, news, shares in zip(days, swings, outstanding, strict=True):
        level = _MEMORY * level + np.sqrt(1.0 - _MEMORY**2) * news
        fraction = np.clip(usual * np.exp(_SWING * level), _LEAST_FRACTION, _MOST_FRACTION)
        short[day] = np.rint(fraction * shares)
    return short


def _positions(
    market: Market, settlement: date, *, short: NDArray[np.float64]
) -> tuple[ShortPosition, ...]:
    row = market.sessions_through(settlement) - 1
    companies = market.companies
    listed = np.flatnonzero((companies.listed <= row) & (companies.delisted > row))
    volume = _average_volumes(market, row, since=_previous(settlement))
    known = known_at(settlement)
    return tuple(
        ShortPosition(
            symbol=companies.symbols[column],
            settlement_date=settlement,
            shares_short=shares,
            average_daily_volume=None if isnan(average) else average,
            known_at=known,
        )
        for column, shares, average in zip(
            listed.tolist(), short[listed].tolist(), volume[listed].tolist(), strict=True
        )
    )


def _average_volumes(market: Market, row: int, *, since: date) -> NDArray[np.float64]:
    # Over the sessions after the settlement before, in shares as counted on this one.
    rows = slice(market.sessions_through(since), row + 1)
    counted = market.actions.shares[row] / market.actions.shares[rows]
    volume = market.bars.volume[rows] * counted
    traded = np.count_nonzero(~np.isnan(volume), axis=0)
    average = np.rint(np.nansum(volume, axis=0) / np.maximum(traded, 1))
    return np.where(traded > 0, average, np.nan)


def _previous(settlement: date) -> date:
    return settlement_dates(settlement - _A_MONTH, settlement)[-2]
