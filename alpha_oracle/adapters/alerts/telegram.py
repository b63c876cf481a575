"""Telegram as an alert channel: one chat, bounded in time, silent about its secrets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.alerts.telegram_chat import NotTaken, TelegramChat
from alpha_oracle.errors import ConfigurationError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.config_sections import TelegramSettings

PAUSES_SECONDS: Final = (0.5, 2.0)
LONGEST_PAUSE_SECONDS: Final = 5.0
"""For how long the sender of a message waits where Telegram asks for a pause."""

SIGNS: Final = {
    ":rotating_light:": "\N{POLICE CARS REVOLVING LIGHT}",
    ":warning:": "\N{WARNING SIGN}",
}
"""Signs that Slack knows by name, as Telegram shows them."""

log = structlog.get_logger(__name__)


class TelegramAlerts:
    """Posts to one chat. A message is delivered or given up within seconds.

    One that Telegram says it did not take is sent again, after the pause it asks for; one whose
    answer was lost may stand in the chat, and is not.
    """

    def __init__(
        self, chat: TelegramChat, *, pauses_seconds: Sequence[float] = PAUSES_SECONDS
    ) -> None:
        self._chat = chat
        self._pauses_seconds = tuple(pauses_seconds)

    def send(self, text: str) -> bool:
        """Post a message as plain text; return whether Telegram took it. Never raises."""
        reason = ""
        for pause in (*self._pauses_seconds, None):
            try:
                self._chat.say(_shown(text))
            except NotTaken as error:
                reason = str(error)
                if pause is None or error.after_seconds > LONGEST_PAUSE_SECONDS:
                    break
                time.sleep(max(pause, error.after_seconds))
            except (SourceAway, ConfigurationError) as error:
                reason = str(error)
                break
            else:
                return True
        log.warning("alert_not_delivered", channel="telegram", reason=reason)
        return False


def _shown(text: str) -> str:
    for name, sign in SIGNS.items():
        text = text.replace(name, sign)
    return text


def open_telegram(
    settings: TelegramSettings, *, pauses_seconds: Sequence[float] = PAUSES_SECONDS
) -> TelegramAlerts | None:
    """Return the chat of the settings; None where none is set. Nobody is asked yet."""
    if settings.bot_token is None or settings.chat_id is None:
        return None
    chat = TelegramChat(
        token=settings.bot_token.get_secret_value(),
        chat_id=settings.chat_id,
        base_url=settings.base_url,
    )
    return TelegramAlerts(chat, pauses_seconds=pauses_seconds)
