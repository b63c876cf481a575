"""Orders, executions, positions and the account's figures: what a request is answered with.

Real trading is in `exchange`; here it is put into words, for whom it concerns. What happens to an
order later is pushed to the client that placed it, as long as the line to IBKR's servers stands.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.peers.tws import contracts, messages, notices
from tests.peers.tws import order_messages as telling
from tests.peers.tws.exchange import ENDED, Ticket
from tests.peers.tws.faults import Point

if TYPE_CHECKING:
    from tests.peers.tws.exchange import Deal, Exchange
    from tests.peers.tws.gateway import Gateway
    from tests.peers.tws.notices import Notice
    from tests.peers.tws.session import Session
    from tests.peers.tws.wire import Fields

CONTRACT_AT = 2
FIRST_PERM_ID = 600_000_001


def place(session: Session, fields: Fields) -> bytes:
    """Take an order and say so, or refuse it; what the market does to it at once follows."""
    gateway = session.gateway
    ticket = _ticket(session, fields)
    if gateway.exchange.of(session.client_id, ticket.order_id) is not None:
        raise notices.Refused(notices.DUPLICATE_ORDER_ID)
    gateway.order_ids[session.client_id] = max(
        gateway.order_ids[session.client_id], ticket.order_id
    )
    refusal = gateway.exchange.refusal(ticket)
    if refusal is not None:
        return _rejected(gateway, ticket, refusal)
    gateway.exchange.place(ticket)
    told = telling.open_order(ticket) + telling.order_status(ticket)
    deals = gateway.exchange.match(ticket.con_id, at=gateway.clock.now())
    gateway.keep()
    tell_deals(gateway, deals)
    return told


def cancel(session: Session, fields: Fields) -> bytes:
    """End an order of this client; 10147 where there is none, 10148 where it has ended."""
    gateway, number = session.gateway, fields.whole(2)
    ticket = gateway.exchange.of(session.client_id, number)
    if ticket is None:
        raise notices.Refused(notices.order_not_found(number))
    if ticket.status in ENDED:
        raise notices.Refused(notices.order_ended(number, ticket.status))
    gateway.exchange.end(ticket, at=gateway.clock.now(), why="Cancelled by Trader")
    gateway.keep()
    return (
        telling.order_status(ticket, status="PendingCancel")
        + telling.order_status(ticket)
        + messages.error(notices.ORDER_CANCELLED, request_id=number)
    )


def own_open_orders(session: Session, _fields: Fields) -> bytes:
    """The orders of this client that have not ended."""
    mine = [one for one in _exchange(session).open() if one.client_id == session.client_id]
    return _opened(mine)


def all_open_orders(session: Session, _fields: Fields) -> bytes:
    """The orders of every client that have not ended."""
    return _opened(_exchange(session).open())


def completed_orders(session: Session, _fields: Fields) -> bytes:
    """The orders of every client that have ended."""
    told = map(telling.completed_order, _exchange(session).ended())
    return b"".join(told) + messages.completed_orders_end()


def executions(session: Session, fields: Fields) -> bytes:
    """The executions of every client, each followed by what it cost."""
    number = fields.whole(2)
    told = (
        telling.execution(deal, request_id=number) + telling.commission(deal)
        for deal in _exchange(session).deals
    )
    return b"".join(told) + messages.executions_end(number)


def positions(session: Session, _fields: Fields) -> bytes:
    """What the account holds."""
    exchange, listings = _exchange(session), session.gateway.market.listings
    told = (
        telling.position(exchange.account, con_id, listings[con_id].symbol, shares, Decimal(0))
        for con_id, shares in exchange.positions.items()
        if shares
    )
    return b"".join(told) + messages.positions_end()


def account_summary(session: Session, fields: Fields) -> bytes:
    """The figures asked for, as far as the account has them; 322 from the third request on."""
    number, tags = fields.whole(2), fields.text(4).split(",")
    session.summaries.add(number)
    if len(session.summaries) > session.gateway.settings.most_summaries:
        session.summaries.discard(number)
        raise notices.Refused(notices.TOO_MANY_SUMMARIES)
    exchange = _exchange(session)
    told = (
        telling.account_value(number, exchange.account, tag, value)
        for tag, value in exchange.summary().items()
        if tag in tags
    )
    return b"".join(told) + messages.account_summary_end(number)


def cancel_account_summary(session: Session, fields: Fields) -> bytes:
    """Take a request for figures back."""
    session.summaries.discard(fields.whole(2))
    return b""


def tell_deals(gateway: Gateway, deals: list[Deal]) -> None:
    """Tell who placed the orders what was executed, at what cost, and where they stand."""
    for deal in deals:
        ticket = deal.ticket
        _push(gateway, ticket, Point.EXECUTION_TOLD, telling.execution(deal))
        _push(gateway, ticket, Point.OPEN_ORDER_TOLD, telling.open_order(ticket))
        _push(gateway, ticket, Point.STATUS_TOLD, telling.order_status(ticket))
        _push(gateway, ticket, Point.COMMISSION_TOLD, telling.commission(deal))


def tell_status(gateway: Gateway, ticket: Ticket) -> None:
    """Tell who placed an order where it stands."""
    _push(gateway, ticket, Point.OPEN_ORDER_TOLD, telling.open_order(ticket))
    _push(gateway, ticket, Point.STATUS_TOLD, telling.order_status(ticket))


def tell_error(gateway: Gateway, ticket: Ticket, notice: Notice) -> None:
    """Tell who placed an order an error about it."""
    told = messages.error(notice, request_id=ticket.order_id)
    _push(gateway, ticket, Point.ERROR_TOLD, told)


def a_ticket(gateway: Gateway, client_id: int, order_id: int, **said: object) -> Ticket:
    """An order with the next lasting number of the account."""
    return Ticket(
        client_id=client_id,
        order_id=order_id,
        perm_id=FIRST_PERM_ID + len(gateway.exchange.tickets),
        account=gateway.exchange.account,
        placed_at=gateway.clock.now(),
        **said,  # type: ignore[arg-type]
    )


def _rejected(gateway: Gateway, ticket: Ticket, refusal: Notice) -> bytes:
    gateway.exchange.place(ticket)
    gateway.exchange.end(ticket, at=gateway.clock.now(), why=refusal.text, status="Inactive")
    gateway.keep()
    return (
        messages.error(refusal, request_id=ticket.order_id)
        + telling.open_order(ticket)
        + telling.order_status(ticket)
    )


def _push(gateway: Gateway, ticket: Ticket, point: Point, data: bytes) -> None:
    if not gateway.link_up.is_set():
        return
    session = gateway.session_of(ticket.client_id)
    if session is not None:
        session.push(point, data, symbol=ticket.symbol)


def _opened(tickets: list[Ticket]) -> bytes:
    told = (telling.open_order(one) + telling.order_status(one) for one in tickets)
    return b"".join(told) + messages.open_order_end()


def _exchange(session: Session) -> Exchange:
    return session.gateway.exchange


def _ticket(session: Session, fields: Fields) -> Ticket:
    gateway = session.gateway
    listing = contracts.the_one(gateway, fields.contract(CONTRACT_AT))
    action, quantity, order_type, limit = (fields.text(at) for at in (16, 17, 18, 19))
    if action not in {"BUY", "SELL"} or order_type not in {"MKT", "LMT"}:
        raise notices.Refused(notices.invalid(f"Invalid order: {action} {order_type}"))
    if not fields.text(21):
        raise notices.Refused(notices.invalid("The time-in-force is missing"))
    if fields.text(23) not in gateway.settings.accounts:
        raise notices.Refused(notices.invalid("Invalid account code"))
    return a_ticket(
        gateway,
        session.client_id,
        fields.whole(1),
        con_id=listing.con_id,
        symbol=listing.symbol,
        action=action,
        quantity=int(quantity),
        order_type=order_type,
        limit=Decimal(limit) if order_type == "LMT" else None,
        tif=fields.text(21),
        order_ref=fields.text(26),
    )
