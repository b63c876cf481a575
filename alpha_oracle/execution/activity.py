"""What an account did lately, counted as it happens: no decision looks at every order for it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderStatus, OrderType, RefusedBy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order

REMEMBERED: Final = timedelta(minutes=1)
"""How far back sendings are counted."""

WITHDRAWN: Final = "withdrawn"
"""The event of an order that was committed to be sent, and was not."""

_FROM_THERE: Final = frozenset({None, RefusedBy.BROKER})


class Activity:
    """Counts orders as they come to be and change."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self._traded: dict[Session, set[str]] = defaultdict(set)
        self._sent: set[str] = set()
        self._sent_at: list[datetime] = []
        for order in sorted(orders, key=sent_at):
            self.see(order)

    @property
    def sent_order_ids(self) -> AbstractSet[str]:
        """The orders whose command went out, or may have."""
        return self._sent

    def see(self, order: Order) -> None:
        """Count an order as it stands now."""
        if order.parent_id is None:
            traded = self._traded[order.session]
            (traded.add if was_traded(order) else traded.discard)(order.order_id)
        if order.order_id not in self._sent and reached_broker(order):
            self._sent.add(order.order_id)
            insort(self._sent_at, sent_at(order))

    def postpone(self, order: Order, *, to: datetime) -> None:
        """Count an order's command when it goes out, not when it was decided on."""
        decided_at = sent_at(order)
        place = bisect_left(self._sent_at, decided_at)
        if self._sent_at[place : place + 1] == [decided_at]:
            del self._sent_at[place]
        insort(self._sent_at, to)

    def trades(self, session: Session, *, besides: AbstractSet[str | None]) -> int:
        """Return how many orders of a session were sent or wait for a human, a TWAP once."""
        traded = self._traded.get(session, set())
        return len(traded) - len(traded & besides)

    def sends(self, now: datetime, *, within: timedelta) -> int:
        """Return how many commands went out after `now - within`, at most a minute ago.

        What a clock that was set back finds ahead of it went out now.
        """
        if self._sent_at and self._sent_at[-1] > now:
            ahead = bisect_right(self._sent_at, now)
            self._sent_at[ahead:] = [now] * (len(self._sent_at) - ahead)
        del self._sent_at[: bisect_right(self._sent_at, now - REMEMBERED)]
        return len(self._sent_at) - bisect_right(self._sent_at, now - within)


def reached_broker(order: Order) -> bool:
    """Whether an order's command went out, or may have; a TWAP's never does: its slices' do."""
    return order.order_type is not OrderType.TWAP and _went_out(order)


def was_withdrawn(order: Order) -> bool:
    """Whether an order was ended here before its command went out, for no fault of its own."""
    return any(event.event_id == WITHDRAWN for event in order.history)


def was_traded(order: Order) -> bool:
    """Whether an order counts as a trade of its session: it was worked, or waits for a human."""
    return order.status is OrderStatus.AWAITING_APPROVAL or _went_out(order)


def sent_at(order: Order) -> datetime:
    """Return when an order's command went out: once it was approved, or when it came to be."""
    approved = [event.at for event in order.history if event.status is OrderStatus.PENDING]
    return approved[0] if approved else order.created_at


def _went_out(order: Order) -> bool:
    # What nobody here ended has an answer from there, be it a fill or an end.
    return order.is_working or any(event.refused_by in _FROM_THERE for event in order.history)
