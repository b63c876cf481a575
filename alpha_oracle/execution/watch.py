"""The portfolio held against its limits while it runs: a breach is told once while it lasts.

One that comes and goes with the market's noise lasts: it is over once it was not found for a while.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import CircuitBreakerTripped
from alpha_oracle.execution.reconciliation import held_shares
from alpha_oracle.risk.market_moves import Purchase, SessionRange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.orders import Fill, Order
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.execution.book import Book
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.portfolio_monitor import PortfolioFinding, PortfolioMonitor

STAYS_TOLD: Final = timedelta(minutes=15)
"""How long a breach was not found before it is news again."""

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class _Told(NamedTuple):
    severity: Severity
    found_at: datetime


class PortfolioWatch:
    """Tells what is new, worse, or there again. A breaker that trips is an alert as well.

    What cannot be measured is told once that has lasted for `patience`: at the open of a session
    the first quotes are on their way.
    """

    def __init__(self, monitor: PortfolioMonitor, *, patience: timedelta) -> None:
        self._monitor = monitor
        self._patience = patience
        self._breakers = frozenset(gauge.name for gauge in monitor.bounds.breakers())
        self._told: dict[tuple[str, str], _Told] = {}
        self._looked_at: datetime | None = None
        self._since: dict[tuple[str, str], datetime] = {}
        self._seen = SessionRange()

    def __call__(self, facts: RiskFacts, *, bought: Purchase | None) -> Sequence[TradingEvent]:
        """Return what is new to tell; `bought` is what a purchase was just filled in."""
        self._seen = self._seen.with_look(facts)
        found = self._monitor.check_portfolio(facts, bought=bought, seen=self._seen)
        self._since = {one.key: self._since.get(one.key, facts.now) for one in found}
        self._told = {key: one for key, one in self._told.items() if self._lasts(one, facts.now)}
        due = [one for one in found if self._is_due(one, facts.now)]
        new = [one for one in due if self._is_new(one)]
        self._told |= {one.key: _Told(self._worst(one), facts.now) for one in due}
        self._looked_at = facts.now
        return [event for one in new for event in self._events(one)]

    def _lasts(self, told: _Told, now: datetime) -> bool:
        # Nobody looks for hours while the market is closed: what was found last lasts until then.
        return told.found_at == self._looked_at or now - told.found_at < STAYS_TOLD

    def _is_due(self, finding: PortfolioFinding, now: datetime) -> bool:
        is_measured = finding.alert.value is not None
        is_told = finding.key in self._told
        return is_measured or is_told or now - self._since[finding.key] >= self._patience

    def _is_new(self, finding: PortfolioFinding) -> bool:
        told = self._told.get(finding.key)
        return told is None or _RANK[finding.alert.severity] > _RANK[told.severity]

    def _worst(self, finding: PortfolioFinding) -> Severity:
        # Once found critical by a fill, the same breach is not news again as a mere one.
        told, severity = self._told.get(finding.key), finding.alert.severity
        return severity if told is None else max(told.severity, severity, key=_RANK.__getitem__)

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


def purchase_of(order: Order, fill: Fill, book: Book) -> Purchase:
    """Return a fill that bought, as the watch judges it; the book has it already."""
    whole = book.orders.get(order.parent_id or "", order)
    purchases = [
        one
        for one in book.orders.values()
        if one.symbol == order.symbol and one.side is Side.BUY and one.parent_id is None
    ]
    is_awaited = any(one.created_at < whole.created_at and not one.is_final for one in purchases)
    since = sum(one.filled_quantity for one in purchases if one.created_at >= whole.created_at)
    is_first = not is_awaited and held_shares(book)[order.symbol] <= since
    return Purchase(order.symbol, fill.price, is_first=is_first)
