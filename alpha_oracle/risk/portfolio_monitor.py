"""The portfolio against its limits after the fact: on fills and quotes, whatever the orders said.

A limit breached or a breaker tripped is high, as markets move: what was sized at its cap passes it
with the next uptick, so that a share of equity is told from a margin beyond its bound on. A limit
exceeded by a fill of ours is critical, for the cascade let through what it must not: that is
integrity, and it activates the kill switch.
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
from alpha_oracle.risk.market_moves import OwnDoing, SessionRange

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.market_moves import Purchase
    from alpha_oracle.risk.pre_trade import RiskBounds

STALE_QUOTE: Final = "stale_quote"
FILL_TOLERANCE_PCT: Final = Decimal(3)
"""How far past its bound, in percent of it, a fill may carry a sum by its price alone: the price
collar. What lies beyond was never cleared."""

MARKET_MARGIN_PCT: Final = Decimal(10)
"""How far past its bound, in percent of it, the market may carry a sum before that is told."""


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
        for one in self._sums(facts, None):
            before = fullest.get(one.reading.name)
            if before is None or one.measured > (before.measured or 0):
                fullest[one.reading.name] = one.reading
        return tuple(fullest.values())

    def check_portfolio(
        self,
        facts: RiskFacts,
        *,
        bought: Purchase | None = None,
        seen: SessionRange | None = None,
    ) -> tuple[PortfolioFinding, ...]:
        """Return what is found breached.

        `bought` is what a purchase of ours was just filled in, if that is the occasion; `seen` is
        what the market did this session, up to these facts.
        """
        market = seen or SessionRange().with_look(facts)
        ours = None if bought is None else OwnDoing.of(bought, market)
        gauges = (
            _finding(one, Severity.HIGH, at=facts.now)
            for one in self.read_gauges(facts)
            if one.is_breached
        )
        sums = (
            _finding(one.reading, one.severity, at=facts.now, subject=one.subject)
            for one in self._sums(facts, ours)
            if one.is_told
        )
        return (*gauges, *sums, *self._unpriced(facts), *self._warnings(facts))

    def _sums(self, facts: RiskFacts, ours: OwnDoing | None) -> Iterator[_Sum]:
        yield from _counts(self.bounds, facts, ours)
        equity = facts.account.equity_usd
        if equity is None or equity <= 0:
            return
        for read in _SHARES:
            yield from read(self.bounds, facts, ours, equity)

    def _unpriced(self, facts: RiskFacts) -> Iterator[PortfolioFinding]:
        for symbol in sorted(facts.exposure.unpriced) if facts.is_market_open else ():
            quote = facts.market.quotes.get(symbol)
            age = None if quote is None else Decimal(int(quote.age_seconds(facts.now)))
            shown = Reading(
                name=STALE_QUOTE,
                measured=age,
                bound=self.bounds.stale_seconds,
                is_breached=True,
                reason=f"{symbol} is held and has no quote of now: equity is unknown",
            )
            yield _finding(shown, Severity.HIGH, at=facts.now, subject=symbol)

    def _warnings(self, facts: RiskFacts) -> Iterator[PortfolioFinding]:
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
    """A sum against its bound; `own` is what it would be had no price moved, None: not ours.

    `slack` is what tolerance and margin are percent of; 0 for what prices do not move.
    """

    name: str
    measured: Decimal
    bound: Decimal
    what: str
    subject: str = ""
    own: Decimal | None = None
    slack: Decimal = Decimal(0)

    @property
    def reading(self) -> Reading:
        return _above(self.name, self.measured, bound=self.bound, what=self.what)

    @property
    def is_told(self) -> bool:
        is_far = self.measured > self.bound + self.slack * MARKET_MARGIN_PCT / 100
        return is_far or self.is_ours

    @property
    def is_ours(self) -> bool:
        tolerance = self.slack * FILL_TOLERANCE_PCT / 100
        return self.own is not None and self.own > self.bound + tolerance

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.is_ours else Severity.HIGH


_Read: TypeAlias = Callable[["RiskBounds", "RiskFacts", "OwnDoing | None", Decimal], Iterator[_Sum]]


def _counts(bounds: RiskBounds, facts: RiskFacts, ours: OwnDoing | None) -> Iterator[_Sum]:
    positions = Decimal(facts.exposure.positions)
    yield _Sum(
        name="max_positions",
        measured=positions,
        bound=Decimal(bounds.max_positions),
        what="number of positions",
        own=positions if ours is not None and ours.is_first else None,
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


def _positions(
    bounds: RiskBounds, facts: RiskFacts, ours: OwnDoing | None, equity: Decimal
) -> Iterator[_Sum]:
    for symbol, usd in facts.exposure.by_symbol.items():
        is_ours = ours is not None and ours.symbol == symbol
        yield _Sum(
            name="position_limit",
            measured=usd / equity * 100,
            bound=bounds.max_position_pct,
            what=f"{symbol} in % of equity",
            subject=symbol,
            own=ours.share_pct(usd, (symbol,), facts, equity=equity) if ours and is_ours else None,
            slack=bounds.max_position_pct,
        )


def _sectors(
    bounds: RiskBounds, facts: RiskFacts, ours: OwnDoing | None, equity: Decimal
) -> Iterator[_Sum]:
    sectors = facts.market.sectors
    own = None if ours is None else sectors.get(ours.symbol)
    for sector, usd in facts.exposure.by_sector.items():
        members = [one for one in facts.exposure.by_symbol if sectors.get(one) == sector]
        is_ours = own is not None and sector == own
        yield _Sum(
            name="sector_limit",
            measured=usd / equity * 100,
            bound=bounds.max_sector_pct,
            what=f"{sector or _UNKNOWN} in % of equity",
            subject=sector or _UNKNOWN,
            own=ours.share_pct(usd, members, facts, equity=equity) if ours and is_ours else None,
            slack=bounds.max_sector_pct,
        )


def _cash(
    bounds: RiskBounds, facts: RiskFacts, ours: OwnDoing | None, equity: Decimal
) -> Iterator[_Sum]:
    cash = facts.account.cash_usd
    if cash is None:
        return
    # What is spent is bounded from above, as every other sum here.
    yield _Sum(
        name="cash_reserve",
        measured=(equity - cash) / equity * 100,
        bound=100 - bounds.min_cash_pct,
        what="share of equity not in cash (%)",
        own=None if ours is None else ours.spent_pct(facts, equity=equity, cash=cash),
        slack=bounds.min_cash_pct,
    )


_UNKNOWN: Final = "unknown sector"
_SHARES: Final[tuple[_Read, ...]] = (_positions, _sectors, _cash)


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
        subject=subject,
    )
    return PortfolioFinding(alert=alert, subject=subject)
