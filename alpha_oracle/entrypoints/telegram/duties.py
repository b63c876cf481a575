"""The bot's part of the watch: one duty listens, another keeps the messages about orders true."""

from __future__ import annotations

import time
from datetime import timedelta
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
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk import watchdogs

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.bootstrap.operator_chat import ChatServices
    from alpha_oracle.bootstrap.watch import Watch

LISTEN_EVERY_SECONDS: Final = 0.0
REFRESH_EVERY_SECONDS: Final = 2.0
LOOK_EVERY_SECONDS: Final = 5.0
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
        Duty(name="chat served", every_seconds=LOOK_EVERY_SECONDS, perform=attendance.look),
    )


class Attendance:
    """The bot, from when Telegram said who it is. Threads may share it."""

    def __init__(
        self, services: ChatServices, *, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._services = services
        self._tick = tick
        self._served_at = tick()
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
        except Exception as error:
            if isinstance(error, StoreUnavailable):
                # Which is told as such.
                self._served_at = self._tick()
            self._services.ending.wait(self._retry_seconds)
            self._retry_seconds = min(2 * self._retry_seconds, LONGEST_RETRY_SECONDS)
            raise
        self._served_at, self._retry_seconds = self._tick(), RETRY_SECONDS

    def refresh(self) -> None:
        """Post what waits for a human, and let each message say what is.

        Raises:
            AlphaOracleError: as `ApprovalBoard.refresh` does.
        """
        self._bot_and_board()[1].refresh()

    def look(self) -> None:
        """Tell people where the chat is not served: they might count on it for a halt.

        Raises:
            StoreUnavailable: Postgres cannot be reached.
        """
        away = timedelta(seconds=self._tick() - self._served_at)
        now = self._services.operations.clock.now()
        trouble = watchdogs.unserved_chat(away=away, now=now)
        self._services.teller.note(watchdogs.CHAT, trouble)

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
