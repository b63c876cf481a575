"""The checks of every order in the order of the specification, and the one who asks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.risk.autonomy import AutonomyGate
from alpha_oracle.risk.cascade import Clearance, run_cascade
from alpha_oracle.risk.circuit_breakers import (
    DeadManSwitch,
    DriftBreaker,
    LinkCheck,
    QuoteFresh,
    QuoteKnown,
    StaleDataBreaker,
    VolatilityBreaker,
)
from alpha_oracle.risk.fat_finger import (
    DuplicateId,
    DuplicateIntent,
    OrderRate,
    PriceCollar,
    ReferenceDistance,
    ShareOfVolume,
)
from alpha_oracle.risk.gauges import Gauge, Halt
from alpha_oracle.risk.kill_switch import KillSwitchCheck
from alpha_oracle.risk.pdt_guard import DayTradeGuard
from alpha_oracle.risk.portfolio_limits import (
    CashReserve,
    DailyLoss,
    Drawdown,
    MaxPositions,
    MaxTradesPerDay,
)
from alpha_oracle.risk.position_limits import (
    MinPrice,
    NoLeverage,
    NoShortSale,
    PositionLimit,
    SectorLimit,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.risk import DayTradeRegime
    from alpha_oracle.risk.commissions import Commission
    from alpha_oracle.risk.facts import RiskFacts
    from alpha_oracle.risk.verdicts import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskBounds:
    """Every bound of the cascade, in the units its name ends with."""

    max_position_pct: Decimal
    max_sector_pct: Decimal
    min_price: Decimal
    max_drawdown_pct: Decimal
    max_daily_loss_pct: Decimal
    max_positions: int
    max_trades_per_day: int
    min_cash_pct: Decimal
    day_trade_regime: DayTradeRegime
    max_day_trades: int
    equity_threshold: Decimal
    margin_buffer_pct: Decimal
    max_vix: Decimal
    stale_seconds: Decimal
    max_drift_pct: Decimal
    dead_man_hours: Decimal
    price_collar_pct: Decimal
    max_reference_distance_pct: Decimal
    max_adv_pct: Decimal
    max_orders_per_second: int
    max_orders_per_minute: int
    full_autonomy_above_usd: Decimal
    commission: Commission[Decimal]

    def breakers(self) -> tuple[Gauge, ...]:
        """Return the circuit breakers."""
        return (
            VolatilityBreaker(max_vix=self.max_vix),
            StaleDataBreaker(stale_seconds=self.stale_seconds),
            DriftBreaker(max_drift_pct=self.max_drift_pct),
            DeadManSwitch(max_hours=self.dead_man_hours),
        )

    def losses(self) -> tuple[Gauge, ...]:
        """Return the limits of losses."""
        return (
            Drawdown(max_drawdown_pct=self.max_drawdown_pct),
            DailyLoss(max_daily_loss_pct=self.max_daily_loss_pct),
        )

    def day_trade_guard(self) -> DayTradeGuard:
        """Return the day-trade guard."""
        return DayTradeGuard(
            regime=self.day_trade_regime,
            max_day_trades=self.max_day_trades,
            equity_threshold=self.equity_threshold,
            margin_buffer_pct=self.margin_buffer_pct,
        )

    def autonomy_gate(self) -> AutonomyGate:
        """Return the autonomy gate."""
        return AutonomyGate(full_above_usd=self.full_autonomy_above_usd)


def standard_checks(bounds: RiskBounds) -> tuple[Check, ...]:
    """Return the checks in the order they are asked."""
    return (
        KillSwitchCheck(),
        LinkCheck(),
        *map(Halt, bounds.breakers()),
        QuoteKnown(),
        QuoteFresh(stale_seconds=bounds.stale_seconds),
        bounds.day_trade_guard(),
        *_position_limits(bounds),
        *_portfolio_limits(bounds),
        *_fat_finger_controls(bounds),
        bounds.autonomy_gate(),
    )


def _position_limits(bounds: RiskBounds) -> tuple[Check, ...]:
    return (
        NoShortSale(),
        MinPrice(min_price=bounds.min_price),
        PositionLimit(max_position_pct=bounds.max_position_pct),
        SectorLimit(max_sector_pct=bounds.max_sector_pct),
        NoLeverage(commission=bounds.commission),
    )


def _portfolio_limits(bounds: RiskBounds) -> tuple[Check, ...]:
    return (
        *map(Halt, bounds.losses()),
        MaxPositions(max_positions=bounds.max_positions),
        MaxTradesPerDay(max_trades_per_day=bounds.max_trades_per_day),
        CashReserve(min_cash_pct=bounds.min_cash_pct, commission=bounds.commission),
    )


def _fat_finger_controls(bounds: RiskBounds) -> tuple[Check, ...]:
    return (
        DuplicateId(),
        DuplicateIntent(),
        PriceCollar(max_distance_pct=bounds.price_collar_pct),
        OrderRate(
            max_per_second=bounds.max_orders_per_second,
            max_per_minute=bounds.max_orders_per_minute,
        ),
        ShareOfVolume(max_adv_pct=bounds.max_adv_pct),
        ReferenceDistance(max_distance_pct=bounds.max_reference_distance_pct),
    )


@dataclass(frozen=True, slots=True)
class PreTradeRiskManager:
    """The public face of the cascade."""

    checks: tuple[Check, ...]

    def __post_init__(self) -> None:
        if not self.checks:
            raise ValueError("a cascade without checks would let everything pass")

    def check_pre_trade(
        self, order: Order, facts: RiskFacts, *, answered: Collection[str] = ()
    ) -> Clearance:
        """Return whether an order may be sent, and with how many shares.

        The same call right before the first sending, for every slice of a TWAP and on approval:
        `answered` names the checks a human has approved it past.
        """
        return run_cascade(self.checks, order, facts, answered=answered)
