"""What trading is decided by, from the settings: figures become exact here, once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.bootstrap.decisions import trading_costs
from alpha_oracle.calendar import ExecutionWindow
from alpha_oracle.execution.order_generator import OrderGenerator
from alpha_oracle.execution.quality import measure_quality
from alpha_oracle.execution.reconciliation import BookReconciler
from alpha_oracle.execution.router import SmartOrderRouter
from alpha_oracle.execution.surroundings import Companions, TradingRules
from alpha_oracle.execution.watch import PortfolioWatch
from alpha_oracle.risk.commissions import Commission
from alpha_oracle.risk.kill_switch import KillSwitchRules
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor
from alpha_oracle.risk.pre_trade import PreTradeRiskManager, RiskBounds, standard_checks

if TYPE_CHECKING:
    from alpha_oracle.config import CostSettings, Settings
    from alpha_oracle.config_sections import ExecutionSettings, RouterSettings

LEAST_PATIENCE: Final = timedelta(minutes=5)


def trading_rules(settings: Settings) -> TradingRules:
    """Return what signals and orders are decided by."""
    bounds, router = risk_bounds(settings), settings.router
    return TradingRules(
        mode=settings.risk.autonomy_mode,
        window=execution_window(settings.execution),
        generator=OrderGenerator(
            max_position_pct=bounds.max_position_pct,
            min_cash_pct=bounds.min_cash_pct,
            commission=bounds.commission,
        ),
        router=SmartOrderRouter(
            small_adv_pct=exact(router.small_adv_pct),
            large_adv_pct=exact(router.large_adv_pct),
            wide_spread_bps=exact(router.wide_spread_bps),
            fresh_seconds=router.fresh_quote_seconds,
        ),
        risk=PreTradeRiskManager(standard_checks(bounds)),
        bounds=bounds,
        kill_switch=kill_switch_rules(settings),
        day_trade_window_sessions=settings.risk.day_trading.window_business_days,
        twap_slices=router.twap_slices,
        twap_interval_seconds=router.twap_interval_seconds,
        reconcile_every=timedelta(minutes=settings.execution.reconcile_every_minutes),
        entry_patience=entry_patience(router),
    )


def entry_patience(router: RouterSettings) -> timedelta:
    """Return how long entries wait for a sale: as long as a TWAP takes, 5 minutes at least."""
    takes = timedelta(seconds=router.twap_slices * router.twap_interval_seconds)
    return max(takes, LEAST_PATIENCE)


def companions(settings: Settings) -> Companions:
    """Return who reconciles, watches the portfolio and measures execution."""
    bounds = risk_bounds(settings)
    return Companions(
        reconcile=BookReconciler(max_drift_pct=bounds.max_drift_pct),
        watch=PortfolioWatch(
            PortfolioMonitor(bounds=bounds),
            patience=timedelta(seconds=settings.risk.breakers.stale_seconds),
        ),
        quality=measure_quality,
    )


def kill_switch_rules(settings: Settings) -> KillSwitchRules:
    """Return when the kill switch may be moved."""
    return KillSwitchRules(cooldown_minutes=settings.risk.kill_switch.cooldown_minutes)


def execution_window(settings: ExecutionSettings) -> ExecutionWindow:
    """Return when orders are sent on a session."""
    return ExecutionWindow(**settings.window().model_dump())


def exact_commission(settings: CostSettings) -> Commission[Decimal]:
    """Return what an order costs, exactly: the same schedule as in a simulation."""
    return Commission(*(exact(figure) for figure in trading_costs(settings).commission))


def risk_bounds(settings: Settings) -> RiskBounds:
    """Return every bound of the cascade."""
    risk = settings.risk
    position, portfolio = risk.position, risk.portfolio
    day_trading, breakers, fat_finger = risk.day_trading, risk.breakers, risk.fat_finger
    return RiskBounds(
        max_position_pct=exact(position.max_position_pct),
        max_sector_pct=exact(position.max_sector_pct),
        min_price=exact(position.min_price),
        max_drawdown_pct=exact(portfolio.max_drawdown_pct),
        max_daily_loss_pct=exact(portfolio.max_daily_loss_pct),
        max_positions=portfolio.max_positions,
        max_trades_per_day=portfolio.max_trades_per_day,
        min_cash_pct=exact(portfolio.min_cash_pct),
        day_trade_regime=day_trading.regime,
        max_day_trades=day_trading.max_day_trades,
        equity_threshold=exact(day_trading.equity_threshold),
        margin_buffer_pct=exact(day_trading.margin_buffer_pct),
        max_vix=exact(breakers.vix),
        stale_seconds=exact(breakers.stale_seconds),
        max_drift_pct=exact(breakers.reconciliation_drift_pct),
        dead_man_hours=exact(breakers.dead_man_hours),
        price_collar_pct=exact(fat_finger.price_collar_pct),
        max_reference_distance_pct=exact(fat_finger.max_reference_distance_pct),
        max_adv_pct=exact(fat_finger.max_adv_pct),
        max_orders_per_second=fat_finger.max_orders_per_second,
        max_orders_per_minute=fat_finger.max_orders_per_minute,
        full_autonomy_above_usd=exact(risk.full_autonomy_above),
        commission=exact_commission(settings.research.costs),
    )


def exact(figure: float) -> Decimal:
    """Return a figure of the settings by its digits: 0.1 there is a tenth."""
    return Decimal(str(figure))
