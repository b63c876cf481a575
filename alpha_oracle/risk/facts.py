"""Everything the checks look at, gathered before the first of them is asked.

None means unknown. A fact nobody knows is never replaced by a likely one: what adds risk is refused
and the verdict names what was missing. USD and prices are as traded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.margin import MarginDeficit
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.risk import AutonomyMode, KillSwitchReading
    from alpha_oracle.risk.day_trades import DayTradeTally
    from alpha_oracle.risk.exposure import Exposure, LotKey


class LinkState(StrEnum):
    """How far the broker can be believed; only `READY` lets anything be sent."""

    DOWN = "down"
    SYNCHRONISING = "synchronising"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class VixReading:
    """The volatility index as the breaker reads it.

    `age_sessions` is 0 for a live quote or a close of the current session, 1 for the one before.
    """

    value: Decimal
    age_sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """The account whose book the order would change.

    `day_trades_remaining` is the broker's own count: None where it gives none, -1 without limit.
    `settled_cash_usd` is what a cash account may spend without a good-faith violation. `deficits`
    are all on record.
    """

    is_live: bool
    equity_usd: Decimal | None
    cash_usd: Decimal | None
    peak_equity_usd: Decimal | None
    previous_close_equity_usd: Decimal | None
    maintenance_margin_usd: Decimal | None = None
    settled_cash_usd: Decimal | None = None
    day_trades_remaining: int | None = None
    deficits: tuple[MarginDeficit, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """The market, by symbol. A symbol that is absent is unknown.

    `prices` are those at which an order is valued that has no limit: the first eligible price for
    the symbol at hand, the mark for what is held. `adv_shares` is the average daily volume.
    `latest_data_at` is the instant of the newest quote of any symbol.
    """

    prices: Mapping[Symbol, Decimal]
    sectors: Mapping[Symbol, str]
    adv_shares: Mapping[Symbol, int]
    quotes: Mapping[Symbol, Quote]
    vix: VixReading | None
    latest_data_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFacts:
    """What we did: the order being checked, and the parent of a slice, are none of it.

    `trades_today` counts the session's orders sent or waiting, a TWAP once. `sent_order_ids` are
    the orders whose command went out once. `opened` is the session in which a lot was opened,
    `day_trades` the count from our own fills. `operator_idle_hours` are counted hours since an
    operator last did something; None: never.
    """

    trades_today: int | None
    sends_last_second: int | None
    sends_last_minute: int | None
    operator_idle_hours: Decimal | None
    day_trades: DayTradeTally | None
    sent_order_ids: AbstractSet[str] = frozenset()
    opened: Mapping[LotKey, Session] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFacts:
    """How the system stands. `drift_pct` is |broker - book| in percent of equity."""

    mode: AutonomyMode
    link: LinkState | None
    kill_switch: KillSwitchReading
    drift_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFacts:
    """The snapshot one decision is made from. `session` is the one the order trades in."""

    now: datetime
    session: Session
    is_market_open: bool
    account: AccountFacts
    exposure: Exposure
    market: MarketFacts
    activity: ActivityFacts
    system: SystemFacts

    def order_price(self, order: Order) -> Decimal | None:
        """Return the USD a share an order is valued at: its limit, else the market's price."""
        if order.limit_price is not None:
            return order.limit_price
        return self.market.prices.get(order.symbol)
