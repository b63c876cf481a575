"""SPY: the fund that holds the generated market, made of its factors alone.

So it costs a moment, not the generation of every company; it follows the index of the members
closely without being it, as a fund does.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.factors import draw_factors
from alpha_oracle.adapters.synthetic.index import levels_of
from alpha_oracle.adapters.synthetic.streams import Purpose, normals
from alpha_oracle.domain.bars import BarColumns
from alpha_oracle.domain.market import BENCHMARK, ActionKind, CorporateAction

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.factors import Factors
    from alpha_oracle.adapters.synthetic.index import Levels
    from alpha_oracle.config import SyntheticSettings

_FIRST_PRICE_USD: Final = 205.0
_GROWTH: Final = 0.00008
"""What the companies' own ups and downs add to the mean of their prices, a session."""

_TRACKING: Final = 0.0004
_OVERNIGHT: Final = 0.3
_QUARTERLY_YIELD: Final = 0.0045
_THIRD_FRIDAY: Final = 2
_SHARES_A_SESSION: Final = 75e6
_VOLUME_SPREAD: Final = 0.2
_VOLUME_BY_SURPRISE: Final = 0.25
_VOLUME_BY_STRESS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark:
    """SPY by session: prices as traded, shares traded, and cash a share going ex (0 where none)."""

    sessions: NDArray[np.datetime64]
    prices: Levels
    volume: NDArray[np.float64]
    dividend: NDArray[np.float64]

    def bars(self, *, start: date) -> BarColumns:
        """Return the bars of the sessions from `start` on."""
        rows = slice(self._first(start), None)
        count = len(self.sessions[rows])
        return BarColumns(
            symbols=(BENCHMARK,) if count else (),
            symbol_index=np.zeros(count, dtype=np.int32),
            session=self.sessions[rows],
            open=self.prices.open[rows],
            high=self.prices.high[rows],
            low=self.prices.low[rows],
            close=self.prices.close[rows],
            volume=self.volume[rows],
        )

    def actions(self, *, start: date) -> list[CorporateAction]:
        """Return the dividends going ex from `start` on."""
        first = self._first(start)
        days = np.flatnonzero(self.dividend[first:]) + first
        return [
            CorporateAction(
                symbol=BENCHMARK,
                ex_date=ex_date,
                kind=ActionKind.DIVIDEND,
                value=Decimal(f"{value:g}"),
                known_at=calendar.session_open(ex_date),
            )
            for ex_date, value in zip(
                self.sessions[days].tolist(), self.dividend[days].tolist(), strict=True
            )
        ]

    def _first(self, start: date) -> int:
        return int(np.searchsorted(self.sessions, np.datetime64(start, "D")))


def benchmark_through(settings: SyntheticSettings, day: date) -> Benchmark:
    """Return SPY from the market's start through a day."""
    sessions = np.array(calendar.sessions_between(settings.start, day), dtype="datetime64[D]")
    factors = draw_factors(settings.seed, len(sessions))
    noise = normals(settings.seed, Purpose.SPY, owners=[0, 1], count=len(sessions)).T
    paid = np.where(_goes_ex(sessions), _QUARTERLY_YIELD, 0.0)
    moved = factors.market + factors.sectors.mean(axis=1) + _GROWTH + _TRACKING * noise[0]
    moved += np.log1p(-paid)
    close = _FIRST_PRICE_USD * np.exp(np.cumsum(moved) - (moved[0] if len(moved) else 0.0))
    overnight = _OVERNIGHT * moved
    overnight += np.sqrt(_OVERNIGHT * (1.0 - _OVERNIGHT)) * factors.volatility * noise[1]
    prices = levels_of(
        settings.seed,
        close,
        day=moved - overnight,
        spread=0.8 * factors.volatility,
        purposes=(Purpose.SPY_HIGH, Purpose.SPY_LOW),
    )
    before = np.concatenate([prices.close[:1], prices.close[:-1]])
    return Benchmark(
        sessions=sessions,
        prices=prices,
        volume=_volumes(settings.seed, factors),
        dividend=np.round(paid * before, 2),
    )


def _volumes(seed: int, factors: Factors) -> NDArray[np.float64]:
    logs = normals(seed, Purpose.SPY_VOLUME, owners=[0], count=len(factors.market))[:, 0]
    logs *= _VOLUME_SPREAD
    logs += _VOLUME_BY_SURPRISE * np.abs(factors.market) / factors.volatility
    logs += _VOLUME_BY_STRESS * np.log(factors.stress)
    return np.rint(_SHARES_A_SESSION * np.exp(logs))


def _goes_ex(sessions: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    # On the third Friday of a quarter's last month, or the session before it.
    month = np.unique(sessions.astype("datetime64[M]"))
    month = month[month.astype(np.int64) % 3 == 2]  # noqa: PLR2004 - March, June, September, December.
    fridays = np.busday_offset(
        month.astype("datetime64[D]"), _THIRD_FRIDAY, roll="forward", weekmask="Fri"
    )
    days = [calendar.latest_session_on_or_before(day) for day in fridays.tolist()]
    goes_ex = np.isin(sessions, np.array(days, dtype="datetime64[D]"))
    goes_ex[:1] = False
    return goes_ex
