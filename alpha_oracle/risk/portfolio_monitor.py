"""The portfolio against its limits after the fact: on fills and quotes, whatever the orders said.

A limit breached or a breaker tripped is high, as markets move. A limit exceeded by a fill of ours
is critical, for the cascade let through what it must not: that is integrity, and it activates the
kill switch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.risk.autonomy import NAME as AUTONOMY_GATE
from alpha_oracle.risk.gauges import Reading

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.pre_trade import RiskBounds

FILL_TOLERANCE_PCT: Final = Decimal(3)
"""How far past its bound, in percent of it, a fill may carry a sum by its price alone: the price
collar. What lies beyond was never cleared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFinding:
    """A limit found breached; `subject` is its symbol or sector, empty for the whole account."""

    alert: RiskAlert
    subject: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The same while the same limit stays breached: what to tell once."""
        return self.alert.type, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioMonitor:
    """Holds a snapshot against every limit."""

    bounds: RiskBounds

    def read_gauges(self, facts: RiskFacts) -> tuple[Reading, ...]:
        """Return every breaker and every limit of losses, breached or not."""
        gauges = (*self.bounds.breakers(), *self.bounds.losses())
        return tuple(gauge.read(facts) for gauge in gauges)

    def read_limits(self, facts: RiskFacts) -> tuple[Reading, ...]:
        """Return every limit of sums and counts, breached or not, the fullest of each kind.

        Positions, sectors and the share not in cash are in percent of equity.
        """
        fullest: dict[str, Reading] = {}
        for one in self._sums(facts, bought=None):
            before = fullest.get(one.reading.name)
            if before is None or one.measured > (before.measured or 0):
                fullest[one.reading.name] = one.reading
        return tuple(fullest.values())

    def check_portfolio(
        self, facts: RiskFacts, *, bought: Symbol | None = None
    ) -> tuple[PortfolioFinding, ...]:
        """Return what is found breached.

        `bought` is the symbol that a purchase of ours was just filled in, if that is the occasion.
        """
        gauges = (
            _finding(one, Severity.HIGH, at=facts.now)
            for one in self.read_gauges(facts)
            if one.is_breached
        )
        sums = (
            _finding(one.reading, one.severity, at=facts.now, subject=one.subject)
            for one in self._sums(facts, bought=bought)
            if one.reading.is_breached
        )
        return (*gauges, *sums, *self._warnings(facts))

    def _sums(self, facts: RiskFacts, *, bought: Symbol | None) -> Iterator[_Sum]:
        for read in _SUMS:
            yield from read(self.bounds, facts, bought)

    def _warnings(self, facts: RiskFacts) -> Iterator[PortfolioFinding]:
        drift, bound = facts.system.drift_pct, self.bounds.max_drift_pct
        if drift is not None and 0 < drift < bound:
            shown = _above("reconciliation_mismatch", drift, bound=Decimal(0), what="drift (%)")
            yield _finding(shown, Severity.WARNING, at=facts.now)
        gate = self.bounds.autonomy_gate()
        if gate.is_full_withheld(facts):
            shown = Reading(
                name=AUTONOMY_GATE,
                measured=facts.account.equity_usd,
                bound=gate.full_above_usd,
                is_breached=True,
                reason="FULL_AUTONOMOUS outside its condition: every order waits for a human",
            )
            yield _finding(shown, Severity.WARNING, at=facts.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    name: str
    measured: Decimal
    bound: Decimal
    what: str
    subject: str = ""
    is_ours: bool = False
    tolerance: Decimal = Decimal(0)

    @property
    def reading(self) -> Reading:
        return _above(self.name, self.measured, bound=self.bound, what=self.what)

    @property
    def severity(self) -> Severity:
        is_past = self.measured > self.bound + self.tolerance
        return Severity.CRITICAL if self.is_ours and is_past else Severity.HIGH


_Read: TypeAlias = Callable[["RiskBounds", "RiskFacts", "Symbol | None"], Iterator[_Sum]]


def _positions(bounds: RiskBounds, facts: RiskFacts, bought: Symbol | None) -> Iterator[_Sum]:
    for symbol, usd in facts.exposure.by_symbol.items():
        yield from _share(
            "position_limit",
            usd,
            facts,
            bound=bounds.max_position_pct,
            subject=symbol,
            is_ours=symbol == bought,
        )


def _sectors(bounds: RiskBounds, facts: RiskFacts, bought: Symbol | None) -> Iterator[_Sum]:
    own = None if bought is None else facts.market.sectors.get(bought)
    for sector, usd in facts.exposure.by_sector.items():
        yield from _share(
            "sector_limit",
            usd,
            facts,
            bound=bounds.max_sector_pct,
            subject=sector or "unknown sector",
            is_ours=own is not None and sector == own,
        )


def _share(
    name: str, usd: Decimal, facts: RiskFacts, *, bound: Decimal, subject: str, is_ours: bool
) -> Iterator[_Sum]:
    equity = facts.account.equity_usd
    if equity is None or equity <= 0:
        return
    yield _Sum(
        name=name,
        measured=usd / equity * 100,
        bound=bound,
        what=f"{subject} in % of equity",
        subject=subject,
        is_ours=is_ours,
        tolerance=bound * FILL_TOLERANCE_PCT / 100,
    )


def _counts(bounds: RiskBounds, facts: RiskFacts, bought: Symbol | None) -> Iterator[_Sum]:
    yield _Sum(
        name="max_positions",
        measured=Decimal(facts.exposure.positions),
        bound=Decimal(bounds.max_positions),
        what="number of positions",
        is_ours=bought is not None,
    )
    trades = facts.activity.trades_today
    if trades is not None:
        # Exits are never held back by it and may pass it: no fill alone proves a breach of ours.
        yield _Sum(
            name="max_trades_per_day",
            measured=Decimal(trades),
            bound=Decimal(bounds.max_trades_per_day),
            what="number of trades today",
        )


def _cash(bounds: RiskBounds, facts: RiskFacts, bought: Symbol | None) -> Iterator[_Sum]:
    equity, cash = facts.account.equity_usd, facts.account.cash_usd
    if equity is None or cash is None or equity <= 0:
        return
    # What is spent is bounded from above, as every other sum here.
    yield _Sum(
        name="cash_reserve",
        measured=(equity - cash) / equity * 100,
        bound=100 - bounds.min_cash_pct,
        what="share of equity not in cash (%)",
        is_ours=bought is not None,
        tolerance=bounds.min_cash_pct * FILL_TOLERANCE_PCT / 100,
    )


_SUMS: Final[tuple[_Read, ...]] = (_positions, _sectors, _counts, _cash)


def _above(name: str, measured: Decimal, *, bound: Decimal, what: str) -> Reading:
    if measured <= bound:
        return Reading(name=name, measured=measured, bound=bound, is_breached=False)
    reason = f"{what} is {measured:.2f}, above {bound}"
    return Reading(name=name, measured=measured, bound=bound, is_breached=True, reason=reason)


def _finding(
    shown: Reading, severity: Severity, *, at: datetime, subject: str = ""
) -> PortfolioFinding:
    alert = RiskAlert(
        type=shown.name,
        severity=severity,
        value=shown.measured,
        threshold=shown.bound,
        message=shown.reason,
        at=at,
    )
    return PortfolioFinding(alert=alert, subject=subject)
