"""The simulated feed: quotes of a session's bars on the shared clock, written to the board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.simulated.day_path import level_at, quote_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from alpha_oracle.adapters.simulated.day_path import SessionBar
    from alpha_oracle.domain.market import Session
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard

RETRY: Final = timedelta(minutes=1)
"""How often a market without a bar is looked for again: bars may come in after us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMarket:
    """What is quoted on a session: shares, indices, and how many bars came from where."""

    session: Session
    bars: tuple[SessionBar, ...]
    levels: tuple[SessionBar, ...]
    origins: Mapping[str, int]


class SimulatedFeed:
    """Quotes everything of a session while it is open. For one thread."""

    def __init__(
        self, board: QuoteBoard, *, clock: Clock, market: Callable[[Session], SessionMarket]
    ) -> None:
        self._board = board
        self._clock = clock
        self._load = market
        self._market: SessionMarket | None = None
        self._loaded_at: datetime | None = None

    def facts(self) -> dict[str, object]:
        """Return how many of the bars quoted came from where: none before the first session."""
        return {"bars_from": dict(self._market.origins) if self._market else {}}

    def publish(self) -> int:
        """Publish the quotes of now; return how many: none while the market is closed.

        Raises:
            StoreUnavailable: the board, or what the bars come from, is out of reach; repeat it.
        """
        now = self._clock.now()
        session = calendar.latest_opened_session(now)
        if now > calendar.session_close(session):
            return 0
        market = self._market_of(session, now)
        quotes = [quote_at(bar, now) for bar in market.bars]
        quotes += [level_at(bar, now) for bar in market.levels]
        told = [quote for quote in quotes if quote is not None]
        self._board.publish(told)
        return len(told)

    def _market_of(self, session: Session, now: datetime) -> SessionMarket:
        market = self._market
        is_stale = self._loaded_at is None or now - self._loaded_at >= RETRY
        if market is None or market.session != session or (not market.bars and is_stale):
            market = self._market = self._load(session)
            self._loaded_at = now
        return market
