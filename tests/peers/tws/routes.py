"""The table from message id to answer; a kind of request is one row.

A module of its own answers each family: contracts, historical data, the account. To serve another
message: an encoder in `messages`, an answer in its family's module, a row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.peers.tws import account, contracts, historical, notices, quoting, trading
from tests.peers.tws.faults import Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.tws.session import Session
    from tests.peers.tws.wire import Fields


def _nothing(_fields: Fields) -> bytes:
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One kind of request: where its id and contract stand, and what answers it."""

    point: Point
    answer: Callable[[Session, Fields], bytes]
    empty: Callable[[Fields], bytes] = _nothing
    request_id_at: int = 0
    contract_at: int = 0
    needs_link: bool = True


def _silence(_session: Session, _fields: Fields) -> bytes:
    return b""


def _unknown(_session: Session, _fields: Fields) -> bytes:
    raise notices.Refused(notices.UNKNOWN_MESSAGE)


START_API = Route(point=Point.START_API, answer=account.start_api, needs_link=False)
OTHER = Route(point=Point.OTHER, answer=_unknown)
SILENT = Route(point=Point.OTHER, answer=_silence)

ROUTES = {
    1: Route(point=Point.MARKET_DATA, answer=quoting.subscribe, request_id_at=2, contract_at=3),
    2: Route(point=Point.OTHER, answer=quoting.unsubscribe, request_id_at=2),
    3: Route(point=Point.PLACE_ORDER, answer=trading.place, request_id_at=1, contract_at=2),
    4: Route(point=Point.CANCEL_ORDER, answer=trading.cancel, request_id_at=2),
    5: Route(point=Point.OPEN_ORDERS, answer=trading.own_open_orders, empty=account.no_open_orders),
    6: Route(point=Point.ACCOUNT_UPDATES, answer=account.account_updates),
    7: Route(
        point=Point.EXECUTIONS,
        answer=trading.executions,
        empty=account.no_executions,
        request_id_at=2,
    ),
    8: Route(point=Point.OTHER, answer=account.next_id),
    9: Route(
        point=Point.CONTRACT_DETAILS,
        answer=contracts.details,
        empty=contracts.no_details,
        request_id_at=2,
        contract_at=3,
    ),
    14: SILENT,  # setServerLogLevel
    15: SILENT,  # reqAutoOpenOrders
    16: Route(
        point=Point.OPEN_ORDERS, answer=trading.all_open_orders, empty=account.no_open_orders
    ),
    17: Route(point=Point.OTHER, answer=account.accounts),
    20: Route(
        point=Point.HISTORICAL_DATA,
        answer=historical.bars,
        empty=historical.no_bars,
        request_id_at=1,
        contract_at=2,
    ),
    25: Route(
        point=Point.CANCEL_HISTORICAL_DATA,
        answer=historical.cancel,
        request_id_at=2,
        needs_link=False,
    ),
    49: Route(point=Point.CURRENT_TIME, answer=account.current_time),
    59: Route(point=Point.OTHER, answer=quoting.choose_type),
    61: Route(point=Point.POSITIONS, answer=trading.positions, empty=account.no_positions),
    62: Route(
        point=Point.ACCOUNT_SUMMARY,
        answer=trading.account_summary,
        empty=account.no_summary,
        request_id_at=2,
    ),
    63: Route(point=Point.OTHER, answer=trading.cancel_account_summary),
    64: SILENT,  # cancelPositions
    71: START_API,
    76: Route(
        point=Point.ACCOUNT_UPDATES_MULTI, answer=account.account_updates_multi, request_id_at=2
    ),
    77: SILENT,  # cancelAccountUpdatesMulti
    99: Route(
        point=Point.COMPLETED_ORDERS,
        answer=trading.completed_orders,
        empty=account.no_completed_orders,
    ),
}


def route_of(message_id: int) -> Route:
    """The row of a message; error 505 answers the ones without."""
    return ROUTES.get(message_id, OTHER)
