"""The `synthetic` source of index levels: VIX, as fear makes of the volatility to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.factors import draw_factors
from alpha_oracle.adapters.synthetic.index import Levels, levels_of, vix_levels
from alpha_oracle.adapters.synthetic.streams import Purpose, normals
from alpha_oracle.domain.levels import VIX, IndexLevel, ReceivedLevels
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.adapters.synthetic.factors import Factors
    from alpha_oracle.config import SyntheticSettings
    from alpha_oracle.domain.market import Session
    from alpha_oracle.ports.clock import Clock

_BOUNDS: Final = (9.0, 80.0)
_ABOVE: Final = 1.26
_FEAR_MEMORY: Final = 0.92
_BY_FALL: Final = 0.090
_BY_RISE: Final = 0.055
_MEAN_MOVE: Final = (_BY_FALL - _BY_RISE) / np.sqrt(2.0 * np.pi)
_NOISE: Final = 0.015
_RANGE: Final = 0.04


class SyntheticLevels:
    """VIX of the generated market, for its sessions that are over at the clock's present."""

    def __init__(self, settings: SyntheticSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def name(self) -> str:
        """The name the levels carry."""
        return "synthetic"

    def fetch(self, series: str, *, start: Session, end: Session) -> ReceivedLevels:
        """Return the levels from `start` to `end`, both included, that are final.

        Raises:
            ConfigurationError: the series is not VIX.
        """
        if series != VIX:
            raise ConfigurationError(f"the generated market has no series {series!r}; it has {VIX}")
        last = min(end, calendar.latest_finished_session(self._clock.now()))
        sessions = calendar.sessions_between(self._settings.start, last)
        if not sessions:
            return ReceivedLevels()
        factors = draw_factors(self._settings.seed, len(sessions))
        levels = fear_levels(self._settings.seed, factors)
        columns = (levels.open, levels.high, levels.low, levels.close)
        rows = zip(sessions, *(column.tolist() for column in columns), strict=True)
        return ReceivedLevels(
            levels=tuple(
                IndexLevel(
                    series=VIX,
                    session=session,
                    open=opened,
                    high=high,
                    low=low,
                    close=close,
                    known_at=calendar.session_close(session),
                )
                for session, opened, high, low, close in rows
                if session >= start
            )
        )


def fear_levels(seed: int, factors: Factors) -> Levels:
    """Return VIX: the volatility to come, more where the market has just fallen."""
    sessions = len(factors.market)
    noise = normals(seed, Purpose.FEAR, owners=[0], count=sessions)[:, 0]
    moved = factors.market / factors.volatility
    news = _BY_FALL * np.maximum(-moved, 0.0) - _BY_RISE * np.maximum(moved, 0.0)
    news += _NOISE * noise - _MEAN_MOVE
    fear = np.empty(sessions)
    now = 0.0
    for session, change in enumerate(news.tolist()):
        now = _FEAR_MEMORY * now + change
        fear[session] = now
    close = np.clip(_ABOVE * vix_levels(seed, factors).close * np.exp(fear), *_BOUNDS)
    levels = levels_of(
        seed,
        close,
        day=0.7 * np.diff(np.log(close), prepend=np.log(close[0])),
        spread=np.full(sessions, _RANGE),
        purposes=(Purpose.FEAR_HIGH, Purpose.FEAR_LOW),
    )
    return Levels(
        open=np.clip(levels.open, *_BOUNDS),
        high=np.clip(levels.high, *_BOUNDS),
        low=np.clip(levels.low, *_BOUNDS),
        close=levels.close,
    )
