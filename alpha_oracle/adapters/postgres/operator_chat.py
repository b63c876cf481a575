"""What a bot in the operators' chat must not forget: updates it took, messages that stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.ports.operator_chat import Card

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database

_CLAIM: Final = """
INSERT INTO chat_updates (bot_id, update_id, taken_at) VALUES (:bot, :update, :at)
ON CONFLICT (bot_id, update_id) DO NOTHING
"""
_TAKEN: Final = "SELECT 1 FROM chat_updates WHERE bot_id = :bot AND update_id = :update"
_FORGET: Final = "DELETE FROM chat_updates WHERE bot_id = :bot AND taken_at < :before"
_OPEN: Final = """
SELECT card.order_id, message_id, shown, concat_ws(
    '|', orders.status, approvals.status, approvals.expires_at <= :now, (
        SELECT count(*) FROM order_events JOIN orders AS own USING (order_id)
        WHERE own.order_id = card.order_id OR own.parent_id = card.order_id
    )
) AS stamp
FROM chat_cards AS card JOIN orders USING (order_id) JOIN approvals USING (order_id)
WHERE bot_id = :bot AND chat = :chat AND is_open ORDER BY posted_at, card.order_id
"""
_KEEP: Final = """
INSERT INTO chat_cards (bot_id, chat, order_id, message_id, shown, is_open, posted_at)
VALUES (:bot, :chat, :order_id, :message, :shown, :is_open, :at)
ON CONFLICT (bot_id, chat, order_id) DO UPDATE SET
    message_id = excluded.message_id, shown = excluded.shown, is_open = excluded.is_open
"""


class PostgresChatRecord:
    """`ChatRecord` on Postgres, of one bot in one chat."""

    def __init__(self, database: Database, *, bot_id: int, chat: str) -> None:
        self._database = database
        self._key = {"bot": bot_id, "chat": storable(chat)}

    def was_taken(self, update: int) -> bool:
        """Whether an update was claimed before."""
        with self._database.at_once() as connection:
            found = connection.execute(text(_TAKEN), {**self._key, "update": update})
            return found.one_or_none() is not None

    def claim(self, update: int, *, at: datetime) -> bool:
        """Take an update for one's own, for good; False: it was taken before."""
        values = {**self._key, "update": update, "at": at}
        with self._database.begin() as connection:
            return connection.execute(text(_CLAIM), values).rowcount == 1

    def open_cards(self, *, now: datetime) -> list[Card]:
        """Return the messages whose orders may still change what they show."""
        with self._database.at_once() as connection:
            rows = connection.execute(text(_OPEN), {**self._key, "now": now}).all()
        return [
            Card(order_id=row.order_id, message=row.message_id, text=row.shown, stamp=row.stamp)
            for row in rows
        ]

    def keep_card(self, card: Card, *, is_open: bool, at: datetime) -> None:
        """Put on record what the message about an order shows."""
        values = {
            **self._key,
            "order_id": card.order_id,
            "message": card.message,
            "shown": storable(card.text),
            "is_open": is_open,
            "at": at,
        }
        with self._database.begin() as connection:
            connection.execute(text(_KEEP), values)

    def audit(
        self, action: str, *, by: str, subject: str, detail: Mapping[str, object], at: datetime
    ) -> None:
        """Append an entry to the audit log."""
        with self._database.begin() as connection:
            audit.record(
                connection, by, action=action, subject=storable(subject), detail=detail, at=at
            )

    def forget_updates(self, *, before: datetime) -> None:
        """Drop updates taken before an instant: nobody tells them again."""
        with self._database.begin() as connection:
            connection.execute(text(_FORGET), {**self._key, "before": before})
