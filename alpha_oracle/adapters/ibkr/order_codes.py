"""What the gateway's error codes mean for an order; what is not listed proves nothing.

Most errors that carry an order's number say nothing of its end, though the library takes nearly
all of them for a cancel: an order was set to DAY, a cancel came too late.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from alpha_oracle.adapters.ibkr.codes import NOTICES


class OrderVerdict(StrEnum):
    """What an error says about an order."""

    NOTICE = "notice"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    """It does not live, if it was never accepted."""
    UNCLEAR = "unclear"


DUPLICATE_NUMBER: Final = 103
_NOTICES: Final = frozenset({165, 399, 404, 434, 492, 10167, 10349})
_CANCELLED: Final = frozenset({202})
_REJECTED: Final = frozenset(
    {103, 104, 105, 106, 107, 109, 110, 111, 200, 201, 203, *range(320, 330), 388, 460, 10052}
)


def judge_order(code: int) -> OrderVerdict:
    """Return what an error that carries an order's number says about it."""
    if code in _NOTICES or code in NOTICES:
        return OrderVerdict.NOTICE
    if code in _CANCELLED:
        return OrderVerdict.CANCELLED
    return OrderVerdict.REJECTED if code in _REJECTED else OrderVerdict.UNCLEAR
