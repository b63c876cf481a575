"""Orders, quotes and gathered facts for tests, each stating only what the test is about.

The ordinary account holds 100,000 USD in cash and nothing else; the ordinary order buys 10 shares
at a limit of 100 USD, and every check of the cascade lets it pass.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Order, OrderPurpose, OrderStatus, OrderType, Side
from alpha_oracle.domain.quotes import Quote
from alpha_oracle.domain.risk import AutonomyMode, DayTradeRegime, KillSwitchReading
from alpha_oracle.risk.commissions import IBKR_FIXED, Commission
from alpha_oracle.risk.day_trades import DayTradeTally, OwnFill
from alpha_oracle.risk.exposure import Commitment, Exposure, LotKey, add_commitments, sum_lots
from alpha_oracle.risk.facts import (
    AccountFacts,
    ActivityFacts,
    LinkState,
    MarketFacts,
    RiskFacts,
    SystemFacts,
    VixReading,
)
from alpha_oracle.risk.pre_trade import RiskBounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOW: Final = datetime(2016, 1, 8, 15, 0, tzinfo=UTC)
"""Half an hour after the open of Friday, 8 January 2016."""

TODAY: Final = NOW.date()
WINDOW: Final = tuple(datetime(2016, 1, day, tzinfo=UTC).date() for day in range(4, 9))
SYMBOL: Final = Symbol("AAA")
STRATEGY: Final = "MomentumStrategy"
COMMISSION: Final = Commission(*(Decimal(str(figure)) for figure in IBKR_FIXED))


def an_order(**changes: Any) -> Order:
    """A simulated limit order of MomentumStrategy to buy 10 AAA at 100 USD today."""
    ordinary = Order(
        order_id="order-1",
        account="paper",
        symbol=SYMBOL,
        side=Side.BUY,
        quantity=10,
        order_type=OrderType.LIMIT,
        purpose=OrderPurpose.ENTRY,
        strategy=STRATEGY,
        session=TODAY,
        created_at=NOW,
        status=OrderStatus.PENDING,
        simulated=True,
        limit_price=Decimal(100),
        reference_price=Decimal(100),
    )
    return replace(ordinary, **changes)


def an_exit(**changes: Any) -> Order:
    """The sale of 10 AAA at 100 USD because the strategy wants out."""
    return an_order(**{"side": Side.SELL, "purpose": OrderPurpose.EXIT, **changes})


def a_protective_exit(**changes: Any) -> Order:
    """The sale of 10 AAA at 100 USD to protect the account."""
    return an_exit(**{"purpose": OrderPurpose.PROTECTIVE, **changes})


def a_quote(**changes: Any) -> Quote:
    """A quote of AAA at 99.99 to 100.00 USD, a second old."""
    ordinary = Quote(
        symbol=SYMBOL,
        bid=Decimal("99.99"),
        ask=Decimal("100.00"),
        last=Decimal("100.00"),
        volume=100_000,
        at=NOW - timedelta(seconds=1),
    )
    return replace(ordinary, **changes)


def a_tally(**changes: Any) -> DayTradeTally:
    """The count of an account that made no day trade from Monday to today."""
    ordinary = DayTradeTally(
        window=WINDOW,
        pairwise=0,
        direction_changes=0,
        counted=0,
        expected=0,
        bought_today=frozenset(),
    )
    return replace(ordinary, **changes)


def an_own_fill(text: str, *, symbol: str = "AAA", strategy: str = STRATEGY) -> OwnFill:
    """A fill from `DAY-OF-JANUARY HH:MM SIDE ORDER`, as in `5 10:00 BUY first`."""
    day, clock, side, order_id = text.split()
    hour, minute = map(int, clock.split(":"))
    at = datetime(2016, 1, int(day), hour, minute, tzinfo=UTC)
    return OwnFill(
        session=at.date(),
        symbol=Symbol(symbol),
        side=Side(side),
        order_id=order_id,
        strategy=strategy,
        at=at,
    )


def sum_exposure(
    lots: Mapping[LotKey, int],
    commitments: Iterable[Commitment],
    *,
    prices: Mapping[Symbol, Decimal],
    sectors: Mapping[Symbol, str],
    commission: Commission[Decimal],
) -> Exposure:
    """What lots and the orders beside them sum up to."""
    held = sum_lots(lots, prices=prices, sectors=sectors)
    return add_commitments(held, commitments, prices=prices, sectors=sectors, commission=commission)


def an_exposure(**changes: Any) -> Exposure:
    """The exposure of a book that holds nothing, but 10 AAA to sell."""
    ordinary = Exposure(
        by_symbol={},
        by_sector={},
        reserved_usd=Decimal(0),
        sellable={(STRATEGY, SYMBOL): 10},
        intents={},
    )
    return replace(ordinary, **changes)


def facts(**changes: Any) -> RiskFacts:
    """Facts under which the ordinary order passes; name any field of any part to change it."""
    ordinary = RiskFacts(
        now=NOW,
        session=TODAY,
        is_market_open=True,
        account=AccountFacts(
            is_live=False,
            equity_usd=Decimal(100_000),
            cash_usd=Decimal(100_000),
            peak_equity_usd=Decimal(100_000),
            previous_close_equity_usd=Decimal(100_000),
            maintenance_margin_usd=Decimal(0),
            settled_cash_usd=Decimal(100_000),
        ),
        exposure=an_exposure(),
        market=MarketFacts(
            prices={SYMBOL: Decimal(100)},
            sectors={SYMBOL: "Technology"},
            adv_shares={SYMBOL: 1_000_000},
            quotes={SYMBOL: a_quote()},
            vix=VixReading(value=Decimal(15), age_sessions=0),
            latest_data_at=NOW - timedelta(seconds=1),
        ),
        activity=ActivityFacts(
            trades_today=0,
            sends_last_second=0,
            sends_last_minute=0,
            operator_idle_hours=Decimal(1),
            day_trades=a_tally(),
        ),
        system=SystemFacts(
            mode=AutonomyMode.PAPER_ONLY,
            link=LinkState.READY,
            kill_switch=KillSwitchReading(database=False, mirror=False),
            drift_pct=Decimal(0),
        ),
    )
    return _changed(ordinary, changes)


def bounds(**changes: Any) -> RiskBounds:
    """The bounds of the specification, under both day-trade regimes."""
    ordinary = RiskBounds(
        max_position_pct=Decimal(5),
        max_sector_pct=Decimal(25),
        min_price=Decimal(5),
        max_drawdown_pct=Decimal(10),
        max_daily_loss_pct=Decimal(3),
        max_positions=20,
        max_trades_per_day=50,
        min_cash_pct=Decimal(10),
        day_trade_regime=DayTradeRegime.BOTH,
        max_day_trades=3,
        equity_threshold=Decimal(25_000),
        margin_buffer_pct=Decimal(5),
        max_vix=Decimal(35),
        stale_seconds=Decimal(300),
        max_drift_pct=Decimal(1),
        dead_man_hours=Decimal(48),
        price_collar_pct=Decimal(3),
        max_reference_distance_pct=Decimal(3),
        max_adv_pct=Decimal(1),
        max_orders_per_second=5,
        max_orders_per_minute=30,
        full_autonomy_above_usd=Decimal(25_000),
        commission=COMMISSION,
    )
    return replace(ordinary, **changes)


def _changed(whole: RiskFacts, changes: dict[str, Any]) -> RiskFacts:
    own = {field.name for field in fields(whole)}
    changed = {name: value for name, value in changes.items() if name in own}
    for part in ("account", "market", "activity", "system"):
        value = getattr(whole, part)
        names = {field.name for field in fields(value)} & changes.keys()
        if names:
            changed[part] = replace(value, **{name: changes[name] for name in names})
            own |= names
    if changes.keys() - own:
        raise TypeError(f"no such facts: {sorted(changes.keys() - own)}")
    return replace(whole, **changed)
