"""One encoder a message about orders, executions, positions and figures, at version 176.

`openOrder` and `completedOrder` are messages recorded at a gateway, with the fields of an order put
in; the places follow from the handlers in `ib_insync/decoder.py`, as do the other layouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.peers.tws.clock import NEW_YORK
from tests.peers.tws.wire import frame

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from tests.peers.tws.exchange import Deal, Ticket

OPEN_ORDER: Final = (
    "5|5|265598|AAPL|STK||0|?||SMART|USD|AAPL|NMS|BUY|100|MKT|0.0|0.0|DAY||DU1234567||0||100|"
    "600745656|0|0|0||600745656.0/DU1234567/100||||||||||0||-1|0||||||2147483647|0|0|0||3|0|0||0|0"
    "||0|None||0||||?|0|0||0|0||||||0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|PreSubmitted|"
    "1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|"
    "1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|"
    "1.7976931348623157E308||||||0|0|0|None|1.7976931348623157E308|1.7976931348623157E308|"
    "1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|0"
    "||||0|1|0|0|0|||0||100|0.02|||"
)
COMPLETED_ORDER: Final = (
    "101|265598|AAPL|STK||0|||SMART|USD|AAPL|NMS|BUY|100|MKT|0.0|0.0|DAY||DU1236109||0||1377295418|"
    "0|0|0|||||||||||0||-1||||||2147483647|0|0||3|0||0|None||0|0|0||0|0||||0|0|0|2147483647|"
    "2147483647||||IB|0|0||0|Filled|100|0|0|150.25|1.7976931348623157E308|0|1|0||0|2147483647|0|"
    "Not an insider or substantial shareholder|0|0|9223372036854775807|"
    "20231122 10:30:00 America/Los_Angeles|Filled||||||"
)
SUMMARY_CURRENCY: Final = "USD"


def open_order(ticket: Ticket, *, warning: str = "") -> bytes:
    """An order and where it stands (5)."""
    return _filled_in(
        OPEN_ORDER,
        {
            1: ticket.order_id,
            2: ticket.con_id,
            3: ticket.symbol,
            11: ticket.symbol,
            13: ticket.action,
            14: ticket.quantity,
            15: ticket.order_type,
            16: ticket.limit or "0.0",
            18: ticket.tif,
            20: ticket.account,
            23: ticket.order_ref,
            24: ticket.client_id,
            25: ticket.perm_id,
            94: ticket.status,
            108: warning,
        },
    )


def completed_order(ticket: Ticket) -> bytes:
    """An order that has ended (101), without client and number; filled: without quantity."""
    assert ticket.ended_at is not None
    is_filled = ticket.status == "Filled"
    return _filled_in(
        COMPLETED_ORDER,
        {
            1: ticket.con_id,
            2: ticket.symbol,
            10: ticket.symbol,
            12: ticket.action,
            13: 0 if is_filled else ticket.quantity,
            14: ticket.order_type,
            15: ticket.limit or "0.0",
            17: ticket.tif,
            19: ticket.account,
            22: ticket.order_ref,
            23: ticket.perm_id,
            77: ticket.status,
            78: 0,
            87: ticket.filled,
            94: eastern(ticket.ended_at),
            95: ticket.ended_why,
        },
    )


def order_status(ticket: Ticket, *, status: str = "") -> bytes:
    """Where an order stands (3), without a version field."""
    average = ticket.average
    return frame(
        3,
        ticket.order_id,
        status or ticket.status,
        ticket.filled,
        ticket.remaining,
        average,
        ticket.perm_id,
        0,  # parentId
        average,  # lastFillPrice
        ticket.client_id,
        "",  # whyHeld
        0,  # mktCapPrice
    )


def execution(deal: Deal, *, request_id: int = -1) -> bytes:
    """An execution (11), as it happens or (with a request) told again."""
    ticket = deal.ticket
    return frame(
        11,
        request_id,
        ticket.order_id,
        ticket.con_id,
        ticket.symbol,
        "STK",
        "",  # lastTradeDateOrContractMonth
        "0.0",  # strike
        "",  # right
        "",  # multiplier
        "IEX",
        "USD",
        ticket.symbol,  # localSymbol
        "NMS",
        deal.exec_id,
        eastern(deal.at),
        ticket.account,
        "IEX",
        "BOT" if ticket.action == "BUY" else "SLD",
        deal.shares,
        deal.price,
        ticket.perm_id,
        ticket.client_id,
        0,  # liquidation
        deal.cumulative,
        deal.average,
        ticket.order_ref,
        "",  # evRule
        "",  # evMultiplier
        "",  # modelCode
        2,  # lastLiquidity
    )


def commission(deal: Deal) -> bytes:
    """What an execution cost (59); without a profit the unset double."""
    return frame(59, 1, deal.exec_id, deal.commission, "USD", "1.7976931348623157E308", "", "")


def position(account: str, con_id: int, symbol: str, shares: int, average: Decimal) -> bytes:
    """What is held of one contract (61)."""
    contract = (con_id, symbol, "STK", "", "0.0", "", "", "", "USD", symbol, "NMS")
    return frame(61, 3, account, *contract, shares, average)


def account_value(request_id: int, account: str, tag: str, value: str) -> bytes:
    """One figure of the account (63)."""
    currency = "" if tag == "DayTradesRemaining" else SUMMARY_CURRENCY
    return frame(63, 1, request_id, account, tag, value, currency)


def eastern(at: datetime) -> str:
    """A time as the gateway writes it."""
    return f"{at.astimezone(NEW_YORK):%Y%m%d %H:%M:%S} US/Eastern"


def _filled_in(recorded: str, places: dict[int, object]) -> bytes:
    fields: list[object] = list(recorded.split("|")[:-1])
    for place, value in places.items():
        fields[place] = value
    return frame(*fields)
