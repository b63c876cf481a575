"""The day-trade guard: neither the old count nor the new margin standard is ever broken.

Entries are refused when no day trade is left (each may need a protective exit on its first
session) or anything is uncertain. A strategy's exit on the session of its entry is rejected, a
protective one passes while day trades are left and else asks a human. Exits of older lots are never
the guard's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from alpha_oracle import calendar
from alpha_oracle.domain.orders import Order, OrderPurpose
from alpha_oracle.domain.risk import DayTradeRegime, Measure, RiskAction, RiskCheckResult
from alpha_oracle.risk.intraday_margin import freeze_end, level_after_purchase, margin_level
from alpha_oracle.risk.verdicts import (
    EVERY_ORDER,
    approve,
    ask_human,
    effective_purpose,
    let_pass,
    reject,
    reject_unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alpha_oracle.domain.market import Session
    from alpha_oracle.risk.day_trades import DayTradeTally
    from alpha_oracle.risk.facts import RiskFacts

NAME: Final = "day_trade_guard"

RULE_DAY_TRADES: Final = 3
"""Day trades the rule leaves an account; what a broker has remaining counts down from here."""

UNLIMITED: Final = -1
"""A broker's count of remaining day trades where it sees no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTradeGuard:
    """One question to both regimes; the stricter answer is the guard's.

    `margin_buffer_pct` percent of equity must be left of the intraday margin level after an entry.
    """

    name: ClassVar[str] = NAME
    holds_back: ClassVar[frozenset[OrderPurpose]] = EVERY_ORDER

    regime: DayTradeRegime
    max_day_trades: int
    equity_threshold: Decimal
    margin_buffer_pct: Decimal

    def check(self, order: Order, facts: RiskFacts, /) -> RiskCheckResult:
        """Return the strictest verdict of the rules that bind."""
        verdicts = [rule(self, order, facts) for rule in _RULES[self.regime]]
        return max(verdicts, key=_strictness)

    def binds(self, facts: RiskFacts) -> bool:
        """Whether the account is not proved to be at the threshold, now and at the last close."""
        now, before = facts.account.equity_usd, facts.account.previous_close_equity_usd
        if now is None or before is None:
            return True
        return min(now, before) < self.equity_threshold

    def remaining(self, facts: RiskFacts) -> int | None:
        """Return the day trades left by our count and the broker's; None: nobody knows."""
        tally, told = facts.activity.day_trades, facts.account.day_trades_remaining
        if tally is None:
            return None
        left = max(self.max_day_trades - tally.expected, 0)
        return left if told is None or told < 0 else min(left, told)


def window_sessions(session: Session, count: int) -> tuple[Session, ...]:
    """Return the `count` sessions that end with `session`: the guard's business days."""
    return calendar.sessions_between(calendar.shift_session(session, 1 - count), session)


def _pdt(guard: DayTradeGuard, order: Order, facts: RiskFacts) -> RiskCheckResult:
    if not guard.binds(facts):
        return let_pass(NAME, "equity is at the threshold")
    if effective_purpose(order) is OrderPurpose.ENTRY:
        return _pdt_entry(guard, facts)
    return _pdt_exit(guard, order, facts)


def _pdt_entry(guard: DayTradeGuard, facts: RiskFacts) -> RiskCheckResult:
    tally, bound = facts.activity.day_trades, Decimal(guard.max_day_trades)
    if tally is None:
        return reject_unknown(NAME, "own fills of the window", bound=bound)
    told = facts.account.day_trades_remaining
    inputs = _inputs(tally, told)
    used = Decimal(tally.expected)
    disagreement = _disagreement(tally, told)
    if disagreement:
        return reject(NAME, disagreement, measured=used, bound=bound, inputs=inputs)
    if guard.remaining(facts) == 0:
        reason = f"no day trade left: {used} of {bound} used in {len(tally.window)} sessions"
        return reject(NAME, reason, measured=used, bound=bound, inputs=inputs)
    return approve(NAME, measured=used, bound=bound, inputs=inputs)


def _disagreement(tally: DayTradeTally, told: int | None) -> str:
    if told is None or told in (UNLIMITED, 0):
        return ""
    if tally.fewest <= RULE_DAY_TRADES - told <= tally.counted:
        return ""
    return (
        f"the broker has {told} day trades remaining, which is not what follows from our fills "
        f"({tally.fewest} to {tally.counted} used); entries wait until both agree"
    )


def _pdt_exit(guard: DayTradeGuard, order: Order, facts: RiskFacts) -> RiskCheckResult:
    if not _is_round_trip(order, facts):
        return let_pass(NAME, "lot of an earlier session")
    if order.purpose is not OrderPurpose.PROTECTIVE:
        return reject(NAME, f"same-session round trip in {order.symbol} by {order.strategy}")
    tally, left = facts.activity.day_trades, guard.remaining(facts)
    bound = Decimal(guard.max_day_trades)
    if tally is None or left is None:
        missing = ("own fills of the window",)
        reason = "protective exit on the session of entry: day trades left unknown"
        return ask_human(NAME, reason, bound=bound, missing=missing)
    used, inputs = Decimal(tally.expected), _inputs(tally, facts.account.day_trades_remaining)
    if left > 0:
        reason = f"protective exit uses a day trade; {left} left"
        return approve(NAME, reason, measured=used, bound=bound, inputs=inputs)
    reason = "protective exit would be a day trade and none is left"
    return ask_human(NAME, reason, measured=used, bound=bound, inputs=inputs)


def _is_round_trip(order: Order, facts: RiskFacts) -> bool:
    lot, activity = (order.strategy, order.symbol), facts.activity
    if activity.opened.get(lot) == order.session:
        return True
    return activity.day_trades is not None and lot in activity.day_trades.bought_today


def _intraday_margin(guard: DayTradeGuard, order: Order, facts: RiskFacts) -> RiskCheckResult:
    if effective_purpose(order) is not OrderPurpose.ENTRY:
        return let_pass(NAME, "a sale does not lower the intraday margin level")
    account, price = facts.account, facts.order_price(order)
    equity, maintenance = account.equity_usd, account.maintenance_margin_usd
    if equity is None or maintenance is None or account.deficits is None or price is None:
        return reject_unknown(NAME, *_unknown_of_margin(order, facts))
    frozen = freeze_end(account.deficits, order.session) if account.deficits else None
    if frozen is not None:
        return reject(NAME, f"an intraday margin deficit was missed: no purchases until {frozen}")
    bound = equity * guard.margin_buffer_pct / 100
    level = margin_level(equity, maintenance)
    after = level_after_purchase(level, facts.exposure.reserved_usd + order.quantity * price)
    inputs: dict[str, Measure] = {"level_usd": level, "reserved_usd": facts.exposure.reserved_usd}
    if after >= bound:
        return approve(NAME, measured=after, bound=bound, inputs=inputs)
    reason = f"intraday margin level would fall to {after:.2f} USD, buffer {bound:.2f}"
    return reject(NAME, reason, measured=after, bound=bound, inputs=inputs)


def _settled(_guard: DayTradeGuard, order: Order, facts: RiskFacts) -> RiskCheckResult:
    if effective_purpose(order) is not OrderPurpose.ENTRY:
        return let_pass(NAME, "a sale needs no settled cash")
    settled, price = facts.account.settled_cash_usd, facts.order_price(order)
    if settled is None or price is None:
        missing = "settled cash" if settled is None else f"price of {order.symbol}"
        return reject_unknown(NAME, missing)
    free, cost = settled - facts.exposure.reserved_usd, order.quantity * price
    if cost <= free:
        return approve(NAME, measured=cost, bound=free)
    reason = f"{cost:.2f} USD would be paid with unsettled cash; {free:.2f} are settled"
    return reject(NAME, reason, measured=cost, bound=free)


def _inputs(tally: DayTradeTally, told: int | None) -> dict[str, Measure]:
    return {
        "window_start": tally.window[0].isoformat(),
        "window_end": tally.window[-1].isoformat(),
        "pairwise": tally.pairwise,
        "direction_changes": tally.direction_changes,
        "expected": tally.expected,
        "broker_remaining": told,
    }


def _unknown_of_margin(order: Order, facts: RiskFacts) -> list[str]:
    account = facts.account
    told = (
        ("equity", account.equity_usd),
        ("maintenance margin", account.maintenance_margin_usd),
        ("intraday margin deficits", account.deficits),
        (f"price of {order.symbol}", facts.order_price(order)),
    )
    return [name for name, value in told if value is None]


def _strictness(verdict: RiskCheckResult) -> tuple[int, bool]:
    # Between equals, the one that measured something says more.
    return _STRICTNESS[verdict.action], verdict.measured is not None


_RULES: Final[
    Mapping[
        DayTradeRegime, tuple[Callable[[DayTradeGuard, Order, RiskFacts], RiskCheckResult], ...]
    ]
] = MappingProxyType(
    {
        DayTradeRegime.BOTH: (_pdt, _intraday_margin),
        DayTradeRegime.PDT: (_pdt,),
        DayTradeRegime.INTRADAY_MARGIN: (_intraday_margin,),
        DayTradeRegime.CASH: (_settled,),
    }
)

_STRICTNESS: Final = MappingProxyType(
    {
        RiskAction.APPROVE: 0,
        RiskAction.REDUCE_SIZE: 1,
        RiskAction.REQUIRE_HUMAN_APPROVAL: 2,
        RiskAction.REJECT: 3,
    }
)
