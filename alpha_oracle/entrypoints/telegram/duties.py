"""The bot's part of the watch: one duty listens, another keeps the messages about orders true."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from alpha_oracle.bootstrap.duties import Duty
from alpha_oracle.bootstrap.operator_chat import chat_services
from alpha_oracle.entrypoints.telegram.approvals import ApprovalBoard
from alpha_oracle.entrypoints.telegram.bot import OperatorBot, Staff
from alpha_oracle.entrypoints.telegram.buttons import Seal
from alpha_oracle.entrypoints.telegram.conversation import Conversation
from alpha_oracle.entrypoints.telegram.deciding import Deciding
from alpha_oracle.entrypoints.telegram.doorman import Doorman, Refusals
from alpha_oracle.entrypoints.telegram.switching import Switching

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.operator_chat import ChatServices
    from alpha_oracle.bootstrap.watch import Watch

LISTEN_EVERY_SECONDS: Final = 0.0
REFRESH_EVERY_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 1.0
LONGEST_RETRY_SECONDS: Final = 30.0


def operator_duties(watch: Watch) -> tuple[Duty, ...]:
    """Return the bot's duties; none where the settings list nobody who may ask it anything."""
    services = chat_services(watch)
    if services is None:
        return ()
    attendance = Attendance(services)
    return (
        Duty(name="chat", every_seconds=LISTEN_EVERY_SECONDS, perform=attendance.listen),
        Duty(name="approvals", every_seconds=REFRESH_EVERY_SECONDS, perform=attendance.refresh),
    )


class Attendance:
    """The bot, from when Telegram said who it is. Threads may share it."""

    def __init__(self, services: ChatServices) -> None:
        self._services = services
        self._lock = Lock()
        self._opened: tuple[OperatorBot, ApprovalBoard] | None = None
        self._retry_seconds = RETRY_SECONDS

    def listen(self) -> None:
        """Wait for what people do, and serve it; trouble is waited out, longer each time.

        Raises:
            AlphaOracleError: as `OperatorBot.listen` does.
        """
        try:
            self._bot_and_board()[0].listen()
        except Exception:
            self._services.ending.wait(self._retry_seconds)
            self._retry_seconds = min(2 * self._retry_seconds, LONGEST_RETRY_SECONDS)
            raise
        self._retry_seconds = RETRY_SECONDS

    def refresh(self) -> None:
        """Post what waits for a human, and let each message say what is.

        Raises:
            AlphaOracleError: as `ApprovalBoard.refresh` does.
        """
        self._bot_and_board()[1].refresh()

    def _bot_and_board(self) -> tuple[OperatorBot, ApprovalBoard]:
        with self._lock:
            if self._opened is None:
                self._opened = _opened(self._services)
            return self._opened


def _opened(services: ChatServices) -> tuple[OperatorBot, ApprovalBoard]:
    me = services.chat.introduction()
    record, seal = services.record_of(me), Seal(services.seal_key)
    conversation = Conversation(services=services, record=record)
    board = ApprovalBoard(services, record, seal)
    staff = Staff(
        doorman=Doorman(chat=services.chat.name, operators=services.operators),
        refusals=Refusals(),
        switching=Switching(conversation),
        deciding=Deciding(conversation=conversation, board=board, seal=seal),
    )
    return OperatorBot(conversation, staff, username=me.username), board
