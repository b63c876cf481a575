"""Limits of the whole portfolio: its losses, its number of positions and trades, its cash."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from alpha_oracle.risk.commissions import cost
from alpha_oracle.risk.gauges import Reading, unmeasured
from alpha_oracle.risk.limits import decline_pct, is_below
from alpha_oracle.risk.sizing import affordable_shares, spendable_cash
from alpha_oracle.risk.verdicts import ENTRIES, approve, fit, reject, reject_unknown

if TYPE_CHECKING:
    from alpha_oracle.domain.orders import Order, OrderPurpose
    from alpha_oracle.domain.risk import RiskCheckResult
    from alpha_oracle.risk.commissions import Commission
    from alpha_oracle.risk.facts import RiskFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """How far equity lies below its peak, in percent; on the bound it halts."""

    name: ClassVar[str] = "portfolio_drawdown"

    max_drawdown_pct: Decimal

    def read(self, facts: RiskFacts) -> Reading:
        """Return the drawdown against its bound."""
        return _decline(
            self.name,
            facts.account.equity_usd,
            facts.account.peak_equity_usd,
            bound=self.max_drawdown_pct,
            base_name="equity peak",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLoss:
    """How far equity lies below the previous session's close, in percent; on the bound it halts."""

    name: ClassVar[str] = "portfolio_daily_loss"

    max_daily_loss_pct: Decimal

    def read(self, facts: RiskFacts) -> Reading:
        """Return the day's loss against its bound."""
        return _decline(
            self.name,
            facts.account.equity_usd,
            facts.account.previous_close_equity_usd,
            bound=self.max_daily_loss_pct,
            base_name="equity at the previous close",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPositions:
    """At most `max_positions` symbols held or being bought."""

    name: ClassVar[str] = "max_positions"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_positions: int

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject a new symbol where every slot is taken."""
        is_new = order.symbol not in facts.exposure.by_symbol
        after = facts.exposure.positions + is_new
        measured, bound = Decimal(after), Decimal(self.max_positions)
        if not is_new or after <= self.max_positions:
            return approve(self.name, measured=measured, bound=bound)
        reason = f"{facts.exposure.positions} of {self.max_positions} positions are taken"
        return reject(self.name, reason, measured=measured, bound=bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxTradesPerDay:
    """At most `max_trades_per_day` orders a session, a TWAP counted once."""

    name: ClassVar[str] = "max_trades_per_day"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    max_trades_per_day: int

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reject an order beyond the session's number."""
        before, bound = facts.activity.trades_today, Decimal(self.max_trades_per_day)
        if before is None:
            return reject_unknown(self.name, "number of trades today", bound=bound)
        after = Decimal(before + 1)
        if after <= bound:
            return approve(self.name, measured=after, bound=bound)
        reason = f"{before} of {self.max_trades_per_day} trades of {order.session} are made"
        return reject(self.name, reason, measured=after, bound=bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashReserve:
    """`min_cash_pct` percent of equity stay in cash, whatever other purchases reserve."""

    name: ClassVar[str] = "cash_reserve"
    holds_back: ClassVar[frozenset[OrderPurpose]] = ENTRIES

    min_cash_pct: Decimal
    commission: Commission[Decimal]

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Reduce an order to what cash beyond the reserve pays for."""
        price, account = facts.order_price(order), facts.account
        cash, equity = account.cash_usd, account.equity_usd
        if price is None or cash is None or equity is None:
            told = (("cash", cash), ("equity", equity), (f"price of {order.symbol}", price))
            return reject_unknown(self.name, *(name for name, value in told if value is None))
        spendable = spendable_cash(cash - facts.exposure.reserved_usd, equity, self.min_cash_pct)
        return fit(
            self.name,
            order,
            lambda: affordable_shares(spendable, price, self.commission),
            measured=cost(order.quantity, price, self.commission),
            bound=spendable,
            what="cost against cash beyond the reserve",
        )


def _decline(
    name: str, equity: Decimal | None, base: Decimal | None, *, bound: Decimal, base_name: str
) -> Reading:
    if equity is None or base is None:
        told = (("equity", equity), (base_name, base))
        return unmeasured(name, *(what for what, value in told if value is None), bound=bound)
    if base <= 0:
        return unmeasured(name, f"{base_name} above 0", bound=bound)
    measured = decline_pct(equity, base)
    if is_below(measured, bound):
        return Reading(name=name, measured=measured, bound=bound, is_breached=False)
    reason = f"equity is {measured:.2f} % below the {base_name}, bound {bound} %"
    return Reading(name=name, measured=measured, bound=bound, is_breached=True, reason=reason)
