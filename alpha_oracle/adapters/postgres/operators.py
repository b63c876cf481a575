"""What operators did, decided and asked: each with its entry in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres import trading_rows as rows
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.trading_reading import APPROVALS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.trading_records import Approval, OperatorRequest

_NOTE: Final = """
INSERT INTO operator_activity AS known (kind, at, by) VALUES (:kind, :at, :by)
ON CONFLICT (kind) DO UPDATE SET at = excluded.at, by = excluded.by WHERE known.at < excluded.at
"""
_LATEST: Final = "SELECT max(at) FROM operator_activity"
_APPROVAL: Final = f"SELECT {APPROVALS} FROM approvals WHERE order_id = :order_id"
# One at a time: a second decision finds that the first was taken.
_DECIDE: Final = """
UPDATE approvals SET status = :status, decided_at = :at, decided_by = :by
FROM orders
WHERE approvals.order_id = :order_id AND orders.order_id = approvals.order_id
  AND approvals.status = 'waiting' AND approvals.expires_at > :at
  AND orders.status = 'AWAITING_APPROVAL'
"""
_ASK: Final = """
INSERT INTO operator_requests (request_id, account, kind, amount_usd, asked_at, asked_by, answer)
VALUES (:request_id, :account, :kind, :amount_usd, :asked_at, :asked_by, '')
ON CONFLICT (request_id) DO NOTHING
"""
_REQUEST: Final = """
SELECT request_id, account, kind, asked_at, asked_by, amount_usd, answered_at, answer
FROM operator_requests WHERE request_id = :request_id
"""


class PostgresOperatorActivity:
    """`OperatorActivity` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, kind: str, *, by: str, at: datetime) -> None:
        """Put an activity on record; of each kind the latest is kept."""
        values = {"kind": storable(kind), "by": storable(by), "at": at}
        with self._database.at_once() as connection:
            connection.execute(text(_NOTE), values)

    def latest(self) -> datetime | None:
        """Return when the last one was; None: never."""
        with self._database.at_once() as connection:
            latest: datetime | None = connection.execute(text(_LATEST)).scalar_one()
        return latest


class PostgresApprovalDesk:
    """`ApprovalDesk` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decide(self, order_id: str, *, approve: bool, by: str, at: datetime) -> Approval | None:
        """Decide an order that waits, audited; return the approval as it then stands.

        One decided or expired before stays as it was: `decided_by` and `status` tell. None: no
        order of that id ever waited.
        """
        status = "approved" if approve else "rejected"
        values = {"order_id": storable(order_id), "status": status, "by": storable(by), "at": at}
        with self._database.begin() as connection:
            if connection.execute(text(_DECIDE), values).rowcount:
                _audit(connection, by, f"order_{status}", f"order:{order_id}", {}, at=at)
            row = connection.execute(text(_APPROVAL), values).one_or_none()
        return None if row is None else rows.to_approval(row)


class PostgresOperatorDesk:
    """`OperatorDesk` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, request: OperatorRequest) -> bool:
        """Put a request on record, audited; False: it was there before."""
        values = {
            "request_id": request.request_id,
            "account": request.account,
            "kind": request.kind.value,
            "amount_usd": request.amount_usd,
            "asked_at": request.asked_at,
            "asked_by": storable(request.asked_by),
        }
        amount = None if request.amount_usd is None else str(request.amount_usd)
        detail = {"request_id": request.request_id, "amount_usd": amount}
        with self._database.begin() as connection:
            is_new = connection.execute(text(_ASK), values).rowcount == 1
            if is_new:
                _audit(
                    connection,
                    request.asked_by,
                    request.kind.value,
                    f"account:{request.account}",
                    detail,
                    at=request.asked_at,
                )
        return is_new

    def request(self, request_id: str) -> OperatorRequest | None:
        """Return a request with its answer, if there is one; None: never asked."""
        with self._database.at_once() as connection:
            row = connection.execute(text(_REQUEST), {"request_id": request_id}).one_or_none()
        return None if row is None else rows.to_request(row)


def _audit(
    connection: Connection,
    by: str,
    action: str,
    subject: str,
    detail: dict[str, Any],
    *,
    at: datetime,
) -> None:
    audit.record(connection, by, action=action, subject=storable(subject), detail=detail, at=at)
