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
    record_all(connection, actor, action=action, details={subject: detail}, at=at)


def record_all(
    connection: Connection,
    actor: str,
    *,
    action: str,
    details: Mapping[str, Mapping[str, object]],
    at: datetime,
) -> None:
    """Append an entry for each subject of one act, in the caller's transaction."""
    connection.execute(
        text(
            "INSERT INTO audit_log (at, actor, action, subject, detail)"
            " SELECT :at, :actor, :action, subject, CAST(detail AS jsonb)"
            " FROM unnest(CAST(:subjects AS text[]), CAST(:details AS text[]))"
            " AS entry (subject, detail)"
        ),
        {
            "at": at,
            "actor": storable(actor),
            "action": action,
            "subjects": list(details),
            "details": [to_json(detail) for detail in details.values()],
        },
    )
