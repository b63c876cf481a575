"""What the buttons under an order carry: the verdict and the order, sealed for this bot alone.

Telegram hands on whatever a client sends as the data of a press; the seal is what tells a button
of ours, for this order and this verdict, from a made-up one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.ports.operator_chat import Button

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BYTES: Final = 64
SEAL_BYTES: Final = 16
_APPROVE: Final = "a"
_REJECT: Final = "r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a press says of an order."""

    order_id: str
    approve: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """Makes the data of buttons and reads it, with a key that nobody else has."""

    key: bytes

    def buttons(self, order_id: str) -> Sequence[Button]:
        """Return the two buttons under an order that waits."""
        return (
            Button(label="Approve", data=self._sealed(_APPROVE, order_id)),
            Button(label="Reject", data=self._sealed(_REJECT, order_id)),
        )

    def opened(self, data: str) -> Verdict | None:
        """Return what the data of a press says; None: it is none of ours."""
        told = data.partition(".")[0]
        verb, order_id = told[:1], told[1:]
        if verb not in {_APPROVE, _REJECT}:
            return None
        given, ours = (one.encode(errors="replace") for one in (data, self._sealed(verb, order_id)))
        if not hmac.compare_digest(ours, given):
            return None
        return Verdict(order_id=order_id, approve=verb == _APPROVE)

    def _sealed(self, verb: str, order_id: str) -> str:
        told = f"{verb}{order_id}".encode(errors="replace")
        digest = hmac.new(self.key, told, hashlib.sha256).digest()[:SEAL_BYTES]
        return f"{verb}{order_id}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
