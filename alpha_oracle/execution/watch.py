"""The portfolio held against its limits while it runs: a breach is told once while it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import CircuitBreakerTripped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.portfolio_monitor import PortfolioFinding, PortfolioMonitor

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class PortfolioWatch:
    """Tells what is new, worse, or there again. A breaker trips once, and is an alert as well."""

    def __init__(self, monitor: PortfolioMonitor) -> None:
        self._monitor = monitor
        self._breakers = frozenset(gauge.name for gauge in monitor.bounds.breakers())
        self._told: dict[tuple[str, str], Severity] = {}

    def __call__(self, facts: RiskFacts, *, bought: Symbol | None) -> Sequence[TradingEvent]:
        """Return what is new to tell; `bought` is what a purchase was just filled in.

        Outside market hours nothing is: quotes are old then, and nothing is sent.
        """
        if not facts.is_market_open:
            return ()
        found = self._monitor.check_portfolio(facts, bought=bought)
        new = [one for one in found if self._is_new(one)]
        self._told = {one.key: self._worst(one) for one in found}
        return [event for one in new for event in self._events(one)]

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
