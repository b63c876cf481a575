"""Contract details: by number, or by ticker in the spelling of TWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle import calendar
from tests.peers.tws import messages, notices
from tests.peers.tws.clock import NEW_YORK

if TYPE_CHECKING:
    from datetime import datetime

    from tests.peers.tws.gateway import Gateway
    from tests.peers.tws.market import Listing
    from tests.peers.tws.session import Session
    from tests.peers.tws.wire import ContractFields, Fields

CONTRACT_AT = 3


def details(session: Session, fields: Fields) -> bytes:
    """Every contract that fits, then the end."""
    asked = fields.contract(CONTRACT_AT)
    if not asked.con_id and not asked.sec_type:
        raise notices.Refused(notices.invalid("Please enter a valid security type"))
    gateway = session.gateway
    found = gateway.market.find(asked)
    if not found:
        raise notices.Refused(notices.UNKNOWN_CONTRACT)
    hours, liquid_hours = _hours(gateway.clock.now())
    data = (
        messages.contract_data(fields.whole(2), one, hours=hours, liquid_hours=liquid_hours)
        for one in found
    )
    return b"".join(data) + messages.contract_data_end(fields.whole(2))


def no_details(fields: Fields) -> bytes:
    """The end without a contract."""
    return messages.contract_data_end(fields.whole(2))


def the_one(gateway: Gateway, asked: ContractFields) -> Listing:
    """The one contract a request for data means.

    Raises:
        Refused: it is unknown, or more than one fits.
    """
    found = gateway.market.find(asked)
    if not found:
        raise notices.Refused(notices.UNKNOWN_CONTRACT)
    if len(found) > 1:
        raise notices.Refused(notices.ambiguous(asked.symbol))
    return found[0]


def _hours(now: datetime) -> tuple[str, str]:
    session = calendar.latest_session_on_or_before(now.astimezone(NEW_YORK).date())
    day = session.strftime("%Y%m%d")
    close = calendar.session_close(session).astimezone(NEW_YORK).strftime("%H%M")
    return f"{day}:0400-{day}:2000", f"{day}:0930-{day}:{close}"
