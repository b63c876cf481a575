"""What the simulated broker makes of its working orders and the quotes of now. Pure.

Order by order, by arrival: accepted or rejected, then ended where its end is due, then executed as
far as the market, the volume, the cash and the shares held allow. Nothing is executed outside the
hours of the order's session, or at a quote that is old. A limit order is executed at the quote,
which is the better of the two: it is executed only where the market offers as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.simulated.desk import Desk
from alpha_oracle.domain.broker import BrokerEventKind
from alpha_oracle.domain.orders import OrderStatus, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from alpha_oracle.adapters.simulated.faults import Faults
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.simulated import Book, BookChange, BookOrder

MILLIONTH: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingRules:
    """How orders are executed.

    `commission` tells what an order costs in USD, by its quantity (negative: sold) and price; over
    several executions it is charged as it grows. `max_volume_pct` bounds the executions of a symbol
    by what the market traded of it on the session.
    """

    commission: Callable[[int, Decimal], Decimal]
    max_volume_pct: Decimal
    max_quote_age: timedelta
    faults: Faults


def may_move(order: BookOrder, quote: Quote | None, *, now: datetime, rules: MatchingRules) -> bool:
    """Whether something may become of an order now."""
    if order.status is OrderStatus.PENDING:
        return now >= _accepted_at(order, rules)
    return (
        _is_cancel_due(order, now=now, rules=rules)
        or now >= calendar.session_close(order.session)
        or _price(order, quote, now=now, rules=rules) is not None
    )


def work_orders(
    book: Book, quotes: Mapping[Symbol, Quote], *, now: datetime, rules: MatchingRules
) -> BookChange:
    """Return what becomes of an account's orders, and which commissions are told."""
    desk = Desk(book, now=now)
    for order in book.orders:
        _work(desk, order, quotes.get(order.symbol), rules)
    for execution in book.executions:
        due = execution.at + rules.faults.commission_delay
        if not execution.is_commission_told and now >= due:
            desk.tell_commission(execution, at=due)
    return desk.change()


def _work(desk: Desk, order: BookOrder, quote: Quote | None, rules: MatchingRules) -> None:
    if order.status is OrderStatus.PENDING:
        if desk.now < _accepted_at(order, rules):
            return
        order = _answered(desk, order, quote, rules)
        if order.status is OrderStatus.REJECTED:
            return
    closes = calendar.session_close(order.session)
    if _is_cancel_due(order, now=desk.now, rules=rules):
        desk.tell(order, BrokerEventKind.CANCELLED, at=desk.now, reason="cancelled as asked")
    elif desk.now >= closes:
        desk.tell(order, BrokerEventKind.EXPIRED, at=closes, reason="its session closed")
    else:
        _execute(desk, order, quote, rules)


def _answered(desk: Desk, order: BookOrder, quote: Quote | None, rules: MatchingRules) -> BookOrder:
    at = _accepted_at(order, rules)
    reason = _refusal(desk, order, quote, rules)
    if reason:
        return desk.tell(order, BrokerEventKind.REJECTED, at=at, reason=reason)
    return desk.tell(order, BrokerEventKind.ACCEPTED, at=at)


def _refusal(desk: Desk, order: BookOrder, quote: Quote | None, rules: MatchingRules) -> str:
    if _accepted_at(order, rules) >= calendar.session_close(order.session):
        return f"the session {order.session} is over"
    if rules.faults.rejects(order.order_id):
        return "the broker does not take it"
    if order.side is Side.SELL:
        return _short_sale(desk, order)
    return _overdraft(desk, order, quote, rules)


def _short_sale(desk: Desk, order: BookOrder) -> str:
    waiting = sum(
        one.open_quantity for one in desk.accepted(Side.SELL) if one.symbol == order.symbol
    )
    held = desk.held(order.symbol)
    if order.quantity <= held - waiting:
        return ""
    return f"{held} shares are held, {waiting} of them are being sold; nothing is lent"


def _overdraft(desk: Desk, order: BookOrder, quote: Quote | None, rules: MatchingRules) -> str:
    price = order.limit_price or (None if quote is None else quote.ask)
    if price is None:
        return ""
    # A market order that waits for its quote is held against the cash when it is executed.
    free = desk.cash - sum(
        (one.open_quantity * (one.limit_price or 0) for one in desk.accepted(Side.BUY)),
        Decimal(0),
    )
    needed = order.quantity * price + rules.commission(order.quantity, price)
    return f"{needed:.2f} USD needed, {free:.2f} free; nothing is lent" if needed > free else ""


def _execute(desk: Desk, order: BookOrder, quote: Quote | None, rules: MatchingRules) -> None:
    price = _price(order, quote, now=desk.now, rules=rules)
    if price is None or quote is None:
        return
    quantity = min(order.open_quantity, _offered(desk, quote, rules))
    if quantity <= 0:
        return
    quantity = rules.faults.part(order.order_id, quantity, number=order.executions)
    commission = _commission(order, quantity, price, rules)
    missing = _missing(desk, order, quantity, cost=quantity * price + commission)
    if missing:
        kind = BrokerEventKind.CANCELLED if order.executions else BrokerEventKind.REJECTED
        desk.tell(order, kind, at=desk.now, reason=missing)
        return
    desk.execute(
        order,
        quantity,
        price=price,
        commission=commission,
        is_commission_told=not rules.faults.commission_delay,
    )


def _missing(desk: Desk, order: BookOrder, quantity: int, *, cost: Decimal) -> str:
    if order.side is Side.BUY and cost > desk.cash:
        return f"{cost:.2f} USD needed, {desk.cash:.2f} there; nothing is lent"
    if order.side is Side.SELL and quantity > desk.held(order.symbol):
        return f"{desk.held(order.symbol)} shares are held; nothing is lent"
    return ""


def _price(
    order: BookOrder, quote: Quote | None, *, now: datetime, rules: MatchingRules
) -> Decimal | None:
    opens, closes = calendar.session_open(order.session), calendar.session_close(order.session)
    if quote is None or not opens <= now < closes or quote.at < opens:
        return None
    if not quote.is_fresh(now, within_seconds=rules.max_quote_age.total_seconds()):
        return None
    price = quote.ask if order.side is Side.BUY else quote.bid
    if price is None or order.limit_price is None:
        return price
    better = price - order.limit_price if order.side is Side.SELL else order.limit_price - price
    return price if better >= 0 else None


def _offered(desk: Desk, quote: Quote, rules: MatchingRules) -> int:
    # What the market traded nobody knows of is nothing we could have had a part of.
    volume = quote.volume or 0
    return int(volume * rules.max_volume_pct / 100) - desk.traded(quote.symbol)


def _commission(order: BookOrder, quantity: int, price: Decimal, rules: MatchingRules) -> Decimal:
    shares = order.filled_quantity + quantity
    average = (order.notional_usd + quantity * price) / shares
    signed = shares if order.side is Side.BUY else -shares
    total = rules.commission(signed, average).quantize(MILLIONTH)
    return max(total - order.commission_usd, Decimal(0))


def _accepted_at(order: BookOrder, rules: MatchingRules) -> datetime:
    return order.received_at + rules.faults.latency


def _is_cancel_due(order: BookOrder, *, now: datetime, rules: MatchingRules) -> bool:
    asked = order.cancel_asked_at
    return asked is not None and now >= asked + rules.faults.latency
