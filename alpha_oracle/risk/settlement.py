"""Settled cash: what a cash account may buy with and sell again at once.

Sales settle on the next session (T+1). Selling what unsettled proceeds bought is a good-faith
violation; who buys with settled cash only makes none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alpha_oracle.domain.market import Session


def settled_cash(
    cash: Decimal, sales: Iterable[tuple[Session, Decimal]], *, session: Session
) -> Decimal:
    """Return the part of `cash` (USD, proceeds of sales included) that is settled on a session.

    `sales` are the sessions and net proceeds of recent sales; those of the session itself, or of a
    later one, are not settled.
    """
    unsettled = sum((usd for sold_on, usd in sales if sold_on >= session), Decimal(0))
    return cash - unsettled
