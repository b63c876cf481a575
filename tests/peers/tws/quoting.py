"""Market data: who is quoted what, live, delayed or not at all, and how many lines there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.peers.tws import contracts, notices
from tests.peers.tws.faults import Point
from tests.peers.tws.wire import frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.peers.tws.gateway import Gateway
    from tests.peers.tws.market import Listing
    from tests.peers.tws.session import Session
    from tests.peers.tws.wire import Fields

CONTRACT_AT: Final = 3
LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
LAST_TIME: Final = 45
DELAYED_LAST_TIME: Final = 88
LIVE_TYPES: Final = {"bid": 1, "ask": 2, "last": 4}
DELAYED_TYPES: Final = {"bid": 66, "ask": 67, "last": 68}
VOLUME_TYPES: Final = {LIVE: 8, DELAYED: 74}


def subscribe(session: Session, fields: Fields) -> bytes:
    """Quote a contract from now on: 354 without a subscription, 101 past the last line."""
    gateway, number = session.gateway, fields.whole(2)
    listing = contracts.the_one(gateway, fields.contract(CONTRACT_AT))
    if gateway.lines() >= gateway.settings.most_lines:
        raise notices.Refused(notices.TOO_MANY_LINES)
    kind = LIVE if gateway.settings.is_subscribed else DELAYED
    if kind == DELAYED and session.data_type not in {DELAYED, DELAYED_FROZEN}:
        raise notices.Refused(notices.NOT_SUBSCRIBED)
    session.lines[number] = listing.con_id
    if kind == DELAYED:
        session.tell(notices.DELAYED_DATA, request_id=number)
    return frame(58, 1, number, kind) + _all_ticks(gateway, number, listing, kind)


def unsubscribe(session: Session, fields: Fields) -> bytes:
    """Quote a contract no longer; 300 where it was not quoted."""
    number = fields.whole(2)
    if session.lines.pop(number, None) is None:
        raise notices.Refused(notices.no_such_line(number))
    return b""


def choose_type(session: Session, fields: Fields) -> bytes:
    """Remember which data the client takes: 1 live, 3 delayed where there is no live."""
    session.data_type = fields.whole(2)
    return b""


def tell_tick(gateway: Gateway, con_id: int, said: Mapping[str, object], at: datetime) -> None:
    """Tell everyone who is quoted a contract."""
    gateway.ticks.setdefault(con_id, {}).update(said | {"at": at})
    if not gateway.link_up.is_set():
        return
    kind = LIVE if gateway.settings.is_subscribed else DELAYED
    for session in gateway.sessions:
        for number, quoted in session.lines.items():
            if quoted == con_id:
                told = _ticks(number, said | {"at": at}, kind)
                session.push(Point.TICK_TOLD, told, symbol=gateway.market.listings[con_id].symbol)


def _all_ticks(gateway: Gateway, number: int, listing: Listing, kind: int) -> bytes:
    return _ticks(number, gateway.ticks.get(listing.con_id, {}), kind)


def _ticks(number: int, said: Mapping[str, object], kind: int) -> bytes:
    types = LIVE_TYPES if kind == LIVE else DELAYED_TYPES
    prices = [
        frame(1, 6, number, types[name], said[name], 100, "0") for name in types if name in said
    ]
    if "volume" in said:
        prices.append(frame(2, 6, number, VOLUME_TYPES[kind], said["volume"]))
    at = said.get("at")
    if at is not None and "last" in said:
        tick = LAST_TIME if kind == LIVE else DELAYED_LAST_TIME
        prices.append(frame(46, 6, number, tick, int(at.timestamp())))  # type: ignore[attr-defined]
    return b"".join(prices)
