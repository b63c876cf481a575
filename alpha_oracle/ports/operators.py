"""What operators decide and ask, which the worker then acts on: it alone changes the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.trading_records import Approval, OperatorRequest


class ApprovalDesk(Protocol):
    """Orders that wait for a human. Each is decided once."""

    def decide(self, order_id: str, *, approve: bool, by: str, at: datetime) -> Approval | None:
        """Decide an order that waits, audited; return the approval as it then stands.

        One decided or expired before stays as it was: `decided_by` and `status` tell. None: no
        order of that id ever waited.
        """
        ...


class OperatorDesk(Protocol):
    """Requests to the worker."""

    def ask(self, request: OperatorRequest) -> bool:
        """Put a request on record, audited; False: it was there before."""
        ...

    def request(self, request_id: str) -> OperatorRequest | None:
        """Return a request with its answer, if there is one; None: never asked."""
        ...
