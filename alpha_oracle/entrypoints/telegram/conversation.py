"""What serving an update takes: the services, the record, and words that may get lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.bootstrap.operator_chat import ChatServices
    from alpha_oracle.ports.operator_chat import ChatRecord

log = structlog.get_logger(__name__)


def name_of(user_id: int | None) -> str:
    """Return how the record names a person in the chat."""
    return f"telegram:{'nobody' if user_id is None else user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Says what was done; that it was done does not hang on it."""

    services: ChatServices
    record: ChatRecord

    def say(self, text: str, *, to: int | None = None) -> None:
        """Post a message, or log that nobody heard it."""
        self._tried(lambda: self.services.chat.say(text, to=to), "chat_message_lost")

    def answer(self, press: str, text: str) -> None:
        """Answer a press, or log that nobody heard it."""
        self._tried(lambda: self.services.chat.answer(press, text), "chat_answer_lost")

    def note(self, action: str, *, by: str, subject: str, **detail: object) -> None:
        """Append an entry to the audit log. What is done has one already, from its own commit."""
        at = self.services.operations.clock.now()
        log.info(action, by=by, subject=subject, **detail)
        self._tried(
            lambda: self.record.audit(action, by=by, subject=subject, detail=detail, at=at),
            "audit_entry_lost",
        )

    def _tried(self, do: Callable[[], object], trouble: str) -> None:
        try:
            do()
        except AlphaOracleError as error:
            log.warning(trouble, reason=str(error))
