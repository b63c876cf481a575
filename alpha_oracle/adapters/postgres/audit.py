"""The audit log: who did what to what, when. The database refuses to change or delete a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def record(
    connection: Connection,
    actor: str,
    *,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    at: datetime,
) -> None:
    """Append an entry in the caller's transaction: it stands if and only if the act does."""
    connection.execute(
        text(
            "INSERT INTO audit_log (at, actor, action, subject, detail)"
            " VALUES (:at, :actor, :action, :subject, CAST(:detail AS jsonb))"
        ),
        {
            "at": at,
            "actor": storable(actor),
            "action": action,
            "subject": subject,
            "detail": to_json(detail),
        },
    )
