"""What an account did lately, counted as it happens: no decision looks at every order for it."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.execution.gathering import reached_broker, sent_at, was_traded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order

REMEMBERED: Final = timedelta(minutes=1)
"""How far back sendings are counted."""


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
            self._note_sending(sent_at(order))

    def trades(self, session: Session, *, besides: AbstractSet[str | None]) -> int:
        """Return how many orders of a session were sent or wait for a human, a TWAP once."""
        traded = self._traded.get(session, set())
        return len(traded) - len(traded & besides)

    def sends(self, now: datetime, *, within: timedelta) -> int:
        """Return how many commands went out after `now - within`, at most a minute ago."""
        return bisect_right(self._sent_at, now) - bisect_right(self._sent_at, now - within)

    def forget(self, *, before: Session) -> None:
        """Forget the trades of sessions before."""
        for session in [one for one in self._traded if one < before]:
            del self._traded[session]

    def _note_sending(self, at: datetime) -> None:
        insort(self._sent_at, at)
        del self._sent_at[: bisect_right(self._sent_at, self._sent_at[-1] - REMEMBERED)]
