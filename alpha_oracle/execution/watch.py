"""The portfolio held against its limits while it runs: a breach is told once while it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import CircuitBreakerTripped
from alpha_oracle.risk.market_moves import SessionRange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.market_moves import Purchase
    from alpha_oracle.risk.portfolio_monitor import PortfolioFinding, PortfolioMonitor

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class PortfolioWatch:
    """Tells what is new, worse, or there again. A breaker that trips is an alert as well.

    What cannot be measured is told once that has lasted for `patience`: at the open of a session
    the first quotes are on their way.
    """

    def __init__(self, monitor: PortfolioMonitor, *, patience: timedelta) -> None:
        self._monitor = monitor
        self._patience = patience
        self._breakers = frozenset(gauge.name for gauge in monitor.bounds.breakers())
        self._told: dict[tuple[str, str], Severity] = {}
        self._since: dict[tuple[str, str], datetime] = {}
        self._seen = SessionRange()

    def __call__(self, facts: RiskFacts, *, bought: Purchase | None) -> Sequence[TradingEvent]:
        """Return what is new to tell; `bought` is what a purchase was just filled in."""
        self._seen = self._seen.with_look(facts)
        found = self._monitor.check_portfolio(facts, bought=bought, seen=self._seen)
        self._since = {one.key: self._since.get(one.key, facts.now) for one in found}
        due = [one for one in found if self._is_due(one, facts.now)]
        new = [one for one in due if self._is_new(one)]
        self._told = {one.key: self._worst(one) for one in due}
        return [event for one in new for event in self._events(one)]

    def _is_due(self, finding: PortfolioFinding, now: datetime) -> bool:
        is_measured = finding.alert.value is not None
        is_told = finding.key in self._told
        return is_measured or is_told or now - self._since[finding.key] >= self._patience

    def _is_new(self, finding: PortfolioFinding) -> bool:
        told = self._told.get(finding.key)
        return told is None or _RANK[finding.alert.severity] > _RANK[told]

    def _worst(self, finding: PortfolioFinding) -> Severity:
        # Once found critical by a fill, the same breach is not news again as a mere one.
        told = self._told.get(finding.key, finding.alert.severity)
        return max(told, finding.alert.severity, key=_RANK.__getitem__)

    def _events(self, finding: PortfolioFinding) -> list[TradingEvent]:
        alert = finding.alert
        events: list[TradingEvent] = [alert]
        if alert.type in self._breakers:
            events.append(
                CircuitBreakerTripped(
                    breaker=alert.type,
                    value=alert.value,
                    threshold=alert.threshold,
                    reason=alert.message,
                    at=alert.at,
                )
            )
        return events
