"""What really happens to orders: the book of the server, which a test reads as the truth.

A cash account: nothing is lent, neither money nor shares. Orders are executed at the quote, of a
quoted volume a tenth; what a session leaves of a DAY order ends at its close.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from tests.peers.tws import notices
from tests.peers.tws.clock import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tests.peers.tws.notices import Notice

ENDED: Final = frozenset({"Filled", "Cancelled", "ApiCancelled"})
MAINTENANCE: Final = Decimal("0.25")
SHARE_OF_VOLUME: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a market offers: USD a share, and the session's volume so far."""

    bid: Decimal
    ask: Decimal
    volume: int

    @property
    def mid(self) -> Decimal:
        """Halfway."""
        return (self.bid + self.ask) / 2


@dataclass(slots=True, kw_only=True)
class Ticket:
    """An order as the server has it; `perm_id` is its own in the whole account."""

    client_id: int
    order_id: int
    perm_id: int
    con_id: int
    symbol: str
    action: str
    quantity: int
    order_type: str
    limit: Decimal | None
    tif: str
    account: str
    order_ref: str
    placed_at: datetime
    status: str = "Submitted"
    filled: int = 0
    spent: Decimal = Decimal(0)
    ended_at: datetime | None = None
    ended_why: str = ""

    @property
    def remaining(self) -> int:
        """Shares that are still to be executed."""
        return self.quantity - self.filled

    @property
    def is_working(self) -> bool:
        """Whether it may still be executed."""
        return self.status not in ENDED and self.status != "Inactive"

    @property
    def average(self) -> Decimal:
        """USD a share so far; 0 where there is none."""
        return self.spent / self.filled if self.filled else Decimal(0)

    def is_marketable(self, offer: Offer) -> bool:
        """Whether the market meets it."""
        if self.limit is None:
            return True
        return self.limit >= offer.ask if self.action == "BUY" else self.limit <= offer.bid

    def price_at(self, offer: Offer) -> Decimal:
        """What it is executed at."""
        return offer.ask if self.action == "BUY" else offer.bid


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """An execution; `client_id`, `order_id` and `order_ref` are its order's."""

    exec_id: str
    at: datetime
    ticket: Ticket
    shares: int
    price: Decimal
    commission: Decimal
    cumulative: int
    average: Decimal


@dataclass(slots=True)
class Exchange:
    """The account's orders, executions, positions and cash."""

    account: str
    cash: Decimal
    tickets: list[Ticket] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    positions: Counter[int] = field(default_factory=Counter)
    offers: dict[int, Offer] = field(default_factory=dict)
    used: Counter[int] = field(default_factory=Counter)
    values: dict[str, str] = field(default_factory=dict)
    """What the account says of itself beside what follows from the book."""

    def refusal(self, ticket: Ticket) -> Notice | None:
        """Why an order is not accepted; None: it is."""
        if ticket.action == "SELL":
            room = self.positions[ticket.con_id] - self._promised_shares(ticket.con_id)
            return notices.NOT_LENT if ticket.quantity > room else None
        offer = self.offers.get(ticket.con_id)
        price = ticket.limit or (offer.ask if offer else Decimal(0))
        needed = ticket.quantity * price
        return notices.NO_CASH if needed > self.cash - self._promised_cash() else None

    def place(self, ticket: Ticket) -> None:
        """Take an order into the book."""
        self.tickets.append(ticket)

    def offer(self, con_id: int, offer: Offer, *, at: datetime) -> list[Deal]:
        """Let the market offer this; return what it executes."""
        self.offers[con_id] = offer
        return self.match(con_id, at=at)

    def match(self, con_id: int, *, at: datetime) -> list[Deal]:
        """Execute what the market meets, oldest order first."""
        offer = self.offers.get(con_id)
        if offer is None:
            return []
        mine = (one for one in self.working() if one.con_id == con_id)
        deals = (self._execute(one, offer, at=at) for one in mine if one.is_marketable(offer))
        return [deal for deal in deals if deal is not None]

    def end(self, ticket: Ticket, *, at: datetime, why: str, status: str = "Cancelled") -> None:
        """Close an order."""
        ticket.status, ticket.ended_at, ticket.ended_why = status, at, why

    def expire(self, now: datetime) -> list[Ticket]:
        """End the orders whose session is over; return them."""
        over = []
        for ticket in tuple(self.working()):
            session = calendar.latest_session_on_or_before(
                ticket.placed_at.astimezone(NEW_YORK).date()
            )
            closes = calendar.session_close(session)
            if ticket.tif == "DAY" and now >= closes:
                self.end(ticket, at=closes, why="Expired")
                over.append(ticket)
        return over

    def correct(self, exec_id: str, *, shares: int, price: Decimal) -> Deal:
        """Replace an execution by another revision of it."""
        (old,) = (deal for deal in self.deals if deal.exec_id == exec_id)
        stem, _, revision = exec_id.rpartition(".")
        sign = 1 if old.ticket.action == "BUY" else -1
        self.cash += sign * (old.shares * old.price - shares * price)
        self.positions[old.ticket.con_id] += sign * (shares - old.shares)
        old.ticket.filled += shares - old.shares
        new = replace(old, exec_id=f"{stem}.{int(revision) + 1:02d}", shares=shares, price=price)
        self.deals.append(new)
        return new

    def working(self) -> Iterator[Ticket]:
        """The orders that may still be executed."""
        return (ticket for ticket in self.tickets if ticket.is_working)

    def open(self) -> list[Ticket]:
        """What a request for open orders tells: what has not ended, the inactive included."""
        return [ticket for ticket in self.tickets if ticket.status not in ENDED]

    def ended(self) -> list[Ticket]:
        """What a request for completed orders tells."""
        return [ticket for ticket in self.tickets if ticket.status in ENDED]

    def of(self, client_id: int, order_id: int) -> Ticket | None:
        """An order by the number a client gave it; of several the last."""
        found = [
            one for one in self.tickets if (one.client_id, one.order_id) == (client_id, order_id)
        ]
        return found[-1] if found else None

    def by_ref(self, order_ref: str) -> Ticket:
        """The one order with a reference."""
        (found,) = (one for one in self.tickets if one.order_ref == order_ref)
        return found

    def summary(self) -> dict[str, str]:
        """The account's figures as it tells them."""
        worth = sum(
            (shares * self.offers[con_id].mid for con_id, shares in self._held()), Decimal(0)
        )
        told = {
            "TotalCashValue": f"{self.cash:.2f}",
            "NetLiquidation": f"{self.cash + worth:.2f}",
            "MaintMarginReq": f"{worth * MAINTENANCE:.2f}",
            "DayTradesRemaining": "-1",
        }
        return told | self.values

    def _held(self) -> Iterable[tuple[int, int]]:
        return ((con_id, shares) for con_id, shares in self.positions.items() if shares)

    def _execute(self, ticket: Ticket, offer: Offer, *, at: datetime) -> Deal | None:
        room = offer.volume // SHARE_OF_VOLUME - self.used[ticket.con_id]
        shares = min(ticket.remaining, room)
        if shares <= 0:
            return None
        price = ticket.price_at(offer)
        commission = max(Decimal(1), shares * Decimal("0.005"))
        sign = 1 if ticket.action == "BUY" else -1
        self.used[ticket.con_id] += shares
        self.positions[ticket.con_id] += sign * shares
        self.cash -= sign * shares * price + commission
        ticket.filled += shares
        ticket.spent += shares * price
        if not ticket.remaining:
            self.end(ticket, at=at, why=f"Filled Size: {ticket.filled}", status="Filled")
        deal = Deal(
            exec_id=f"0000e0d5.{len(self.deals) + 1:08x}.01.01",
            at=at,
            ticket=ticket,
            shares=shares,
            price=price,
            commission=commission,
            cumulative=ticket.filled,
            average=ticket.average,
        )
        self.deals.append(deal)
        return deal

    def _promised_shares(self, con_id: int) -> int:
        selling = (one for one in self.working() if one.action == "SELL")
        return sum(one.remaining for one in selling if one.con_id == con_id)

    def _promised_cash(self) -> Decimal:
        buying = (one for one in self.working() if one.action == "BUY")
        return sum((one.remaining * (one.limit or Decimal(0)) for one in buying), Decimal(0))
