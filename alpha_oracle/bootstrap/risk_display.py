"""Every breaker and limit as the worker measures it, on a board that people can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from alpha_oracle.bootstrap.trading_rules import risk_bounds
from alpha_oracle.domain.instants import utc_text
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.config import Settings
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.execution.surroundings import Companions, Watch
    from alpha_oracle.ports.risk_board import RiskBoard
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.gauges import Reading
    from alpha_oracle.risk.market_moves import Purchase

SPACING: Final = timedelta(seconds=5)

log = structlog.get_logger(__name__)


def displayed(
    whole: Companions, settings: Settings, board: RiskBoard, *, account: str
) -> Companions:
    """Return the same companions, of whom the one who watches shows what is measured."""
    monitor = PortfolioMonitor(bounds=risk_bounds(settings))
    return replace(whole, watch=_DisplayedWatch(whole.watch, monitor, board, account=account))


class _DisplayedWatch:
    def __init__(
        self, watch: Watch, monitor: PortfolioMonitor, board: RiskBoard, *, account: str
    ) -> None:
        self._watch = watch
        self._monitor = monitor
        self._board = board
        self._account = account
        self._shown_at: datetime | None = None

    def __call__(self, facts: RiskFacts, *, bought: Purchase | None) -> Sequence[TradingEvent]:
        events = self._watch(facts, bought=bought)
        # Who is told of something finds it on the board.
        if events or self._shown_at is None or facts.now - self._shown_at >= SPACING:
            self._show(facts)
            self._shown_at = facts.now
        return events

    def _show(self, facts: RiskFacts) -> None:
        document = {
            "account": self._account,
            "at": utc_text(facts.now),
            "session": facts.session.isoformat(),
            "mode": facts.system.mode.value,
            "link": facts.system.link and facts.system.link.value,
            "breakers": _documents(self._monitor.read_gauges(facts)),
            "limits": _documents(self._monitor.read_limits(facts)),
        }
        try:
            self._board.publish(self._account, document)
        except StoreUnavailable as error:
            # Nothing is decided by it.
            log.warning("risk_not_shown", reason=str(error))


def _documents(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "measured": None if one.measured is None else float(one.measured),
            "bound": float(one.bound),
            "breached": one.is_breached,
            "reason": one.reason,
        }
        for one in readings
    ]
