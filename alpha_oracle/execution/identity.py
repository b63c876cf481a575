"""Who an order is: its id follows from its intent, so that one intent is one order.

The id travels with the order as the broker's reference and is unique in the store: whatever is
repeated after a crash comes to the same id.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.portfolio import Lot

ID_LENGTH: Final = 32
ENTRY_LEG: Final = "entry"


def entry_order_id(account: str, signal_id: str) -> str:
    """Return the id of the order by which a signal buys for an account."""
    return _digest(account, signal_id, ENTRY_LEG)


def exit_order_id(lot: Lot, *, reason: str, session: Session, attempt: int) -> str:
    """Return the id of the order that sells a lot in a session for a reason.

    It names the session, as a lot not sold in one is due again in the next, and the attempt of that
    session, which counts from 0: what the broker refused or cancelled may be tried once more.
    """
    return _digest(
        lot.account,
        lot.strategy,
        lot.symbol,
        lot.opened.isoformat(),
        reason,
        session.isoformat(),
        str(attempt),
    )


def slice_order_id(parent_id: str, number: int) -> str:
    """Return the id of a slice of a TWAP; `number` counts from 0."""
    return _digest(parent_id, str(number))


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:ID_LENGTH]
