"""How a lot is sold that no order of a session has sold yet: again, at another price, or not.

All of it follows from the orders on record, so that a worker started anew goes on where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderStatus, OrderType, RefusedBy, Side
from alpha_oracle.execution.activity import sent_at, was_withdrawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.orders import Order, OrderEvent

_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)
_FINAL_WORD: Final = frozenset({RefusedBy.OPERATOR, RefusedBy.SYSTEM})

CLOCKS_DIFFER: Final = timedelta(seconds=5)
"""How much earlier than by ours an order may have ended by its broker's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """How often a lot is tried to be sold in a session: at most `attempts` orders may fail at it.

    The second goes `after` the end of the first, each later one after twice as long. No failure is
    an order that gave way to another at the price of then, which goes at once: a limit that rested
    at least for `rests` before it was cancelled, or a question to a human that the price has moved
    away from. Nor is one that was withdrawn before its command went out, though the next waits
    after it too.
    """

    attempts: int = 3
    after: timedelta = timedelta(minutes=1)
    rests: timedelta = timedelta(minutes=1)

    def next_at(self, sales: Sequence[Order]) -> datetime | None:
        """Return when the next order may go after those of the session; None: none may.

        None goes beside one that works, nor after the word of a human, nor after one of which
        nobody knows for certain that it never was.
        """
        if not sales:
            return _AT_ONCE
        last = sales[-1]
        if not last.is_final:
            return None
        if self.gave_way(last):
            return _AT_ONCE
        failures = self._failures(sales)
        if failures >= self.attempts or last.history[-1].refused_by in _FINAL_WORD:
            return None
        return last.history[-1].at + self.after * (1 << max(failures - 1, 0))

    def gave_up(self, sales: Sequence[Order], *, is_over: bool) -> bool:
        """Whether no order may sell any more what those of the session did not.

        `is_over` says that the session's window is. A human who refused knows it.
        """
        if not sales or not sales[-1].is_final or sales[-1].status is OrderStatus.FILLED:
            return False
        is_refused = sales[-1].history[-1].refused_by is RefusedBy.OPERATOR
        return not is_refused and (is_over or self._failures(sales) >= self.attempts)

    def gave_way(self, sale: Order) -> bool:
        """Whether an order ended only for another to go at the price of then."""
        end = _end(sale)
        if end is None:
            return False
        if end.status is OrderStatus.EXPIRED:
            # A broker's end of a session has nobody who refused.
            return end.refused_by is RefusedBy.SYSTEM
        is_cancelled = end.status is OrderStatus.CANCELLED and end.refused_by is None
        rested = end.at - sent_at(sale) + CLOCKS_DIFFER
        return is_cancelled and _is_limit_sale(sale) and rested >= self.rests

    def outlasts_price(self, sale: Order, now: datetime) -> bool:
        """Whether a resting sale is to be withdrawn if nobody bids its limit."""
        return sale.is_working and _is_limit_sale(sale) and now >= sent_at(sale) + self.rests

    def awaited_since(self, sales: Sequence[Order]) -> datetime:
        """Return from when on the last of some sales is waited for.

        One that took the place of another is no reason to wait anew, but for a human's approval.
        """
        since = sales[-1]
        for earlier in reversed(sales[:-1]):
            if sent_at(since) > since.created_at or not self.gave_way(earlier):
                break
            since = earlier
        return sent_at(since)

    def _failures(self, sales: Sequence[Order]) -> int:
        return sum(not (self.gave_way(one) or was_withdrawn(one)) for one in sales)


def _is_limit_sale(order: Order) -> bool:
    is_sale = order.side is Side.SELL and order.parent_id is None
    return is_sale and order.order_type is OrderType.LIMIT


def _end(order: Order) -> OrderEvent | None:
    # A fill may have overtaken it.
    ends = (event for event in order.history if event.fill is None and event.status is order.status)
    return next(ends, None) if order.is_final else None
