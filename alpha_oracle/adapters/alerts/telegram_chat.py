"""Telegram's Bot API as the operators' chat: long polling, buttons, no secret in an error."""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import local
from typing import TYPE_CHECKING, Any, Final, TypeVar

import requests
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as BrokenAnswer
from urllib3.util import Retry

from alpha_oracle.errors import ConfigurationError, SourceAway
from alpha_oracle.ports.operator_chat import Arrived, Bot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from requests import Response, Session

    from alpha_oracle.ports.operator_chat import Button

PUBLIC_API: Final = "https://api.telegram.org"
MOST_TEXT: Final = 4_096
"""UTF-16 units of a message."""

MOST_ANSWER: Final = 200
MOST_UPDATES: Final = 100
MOST_BYTES: Final = 8 * 2**20
KINDS: Final = ["message", "callback_query"]

_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
_CUT: Final = "\n(cut)"
_TOO_MANY_REQUESTS: Final = 429
_CONFLICT: Final = 409
_BAD_REQUEST: Final = 400
_FIRST_SERVER_ERROR: Final = 500
_REFUSED: Final = frozenset({401, 403, 404})
_LOGGERS: Final = ("urllib3.connectionpool", "urllib3.util.retry")
_TOKEN_IN_ADDRESS: Final = re.compile(r"/bot\d+:[\w-]+")
_HARMLESS: Final = {
    "editMessageText": (
        "message is not modified",
        "message to edit not found",
        "message can't be edited",
    ),
    "answerCallbackQuery": ("query is too old", "query ID is invalid"),
}


log = structlog.get_logger(__name__)


class _Parameters(BaseModel):
    retry_after: int = Field(default=0, ge=0)
    migrate_to_chat_id: int | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)
    ok: bool
    result: Any = None
    description: str = ""
    parameters: _Parameters = _Parameters()


class _Message(BaseModel):
    message_id: int


class _Me(BaseModel):
    id: int
    username: str


_Model = TypeVar("_Model", bound=BaseModel)


class NotTaken(SourceAway):
    """Telegram answered that it did not do what was asked; it may after `after_seconds`."""

    def __init__(self, text: str, *, after_seconds: float) -> None:
        super().__init__(text)
        self.after_seconds = after_seconds


class _Moved(ConfigurationError):  # noqa: N818 - it is followed.
    def __init__(self, chat_id: int) -> None:
        super().__init__(f"the chat has the id {chat_id} now; mend alerts.telegram.chat_id")
        self.chat_id = chat_id


class TelegramChat:
    """`OperatorChat` on Telegram's Bot API. Threads may share it.

    A group that becomes a supergroup gets another id: it is followed there, and the settings are
    to be mended.
    """

    def __init__(self, *, token: str, chat_id: str, base_url: str | None = None) -> None:
        self._token = token
        self._chat_id = chat_id
        self._base_url = (base_url or PUBLIC_API).rstrip("/")
        # Who waits for an answer holds up nobody else.
        self._own = local()
        self._quiet_until = 0.0

    @property
    def name(self) -> str:
        """The chat's id, or its public name."""
        return self._chat_id

    def find(self) -> None:
        """Find out where the chat is now, people seeing nothing of it.

        Raises:
            SourceAway: nobody answers.
            ConfigurationError: the token or the chat is refused.
        """
        self._in_chat("sendChatAction", {"action": "typing"})

    def introduction(self) -> Bot:
        """Return who we are.

        Raises:
            SourceAway: nobody answers.
            ConfigurationError: the token is refused.
        """
        me = _read(_Me, self._spoken("getMe", {}))
        return Bot(bot_id=me.id, username=me.username)

    def arrived(self, *, after: int | None, wait_seconds: int) -> Arrived:
        """Wait for what people do; what came up to `after` is confirmed and not told again.

        Raises:
            SourceAway: nobody answers.
            ConfigurationError: the token is refused, or someone else reads the bot's updates.
        """
        asked: dict[str, object] = {
            "timeout": wait_seconds,
            "limit": MOST_UPDATES,
            "allowed_updates": KINDS,
        }
        if after is not None:
            asked["offset"] = after + 1
        patience = wait_seconds + _ANSWER_SECONDS
        result, served_at = self._asked("getUpdates", asked, patience=patience)
        found = result if isinstance(result, list) else []
        updates = tuple(one for one in found if isinstance(one, dict))
        return Arrived(served_at=served_at, updates=updates, is_complete=len(found) < MOST_UPDATES)

    def say(self, text: str, *, buttons: Sequence[Button] = (), to: int | None = None) -> int:
        """Post a message, its end cut where it is too long; return its number in the chat.

        Raises:
            SourceAway: nobody answers; a message whose answer was lost may stand in the chat.
            ConfigurationError: the token or the chat is refused.
        """
        asked = {"text": fitting(text)} | _markup(buttons)
        if to is not None:
            said = self._spoken("sendMessage", asked | {"chat_id": to})
        else:
            said = self._in_chat("sendMessage", asked)
        return _read(_Message, said).message_id

    def edit(self, message: int, text: str, *, buttons: Sequence[Button] = ()) -> None:
        """Let a message of ours say something else; one that is gone is left gone.

        Raises:
            SourceAway: nobody answers.
            ConfigurationError: the token or the chat is refused.
        """
        asked = {"message_id": message, "text": fitting(text)}
        self._in_chat("editMessageText", asked | _markup(buttons))

    def answer(self, press: str, text: str) -> None:
        """Tell who pressed a button what came of it; a press of long ago is past telling.

        Raises:
            SourceAway: nobody answers.
            ConfigurationError: the token is refused.
        """
        asked = {"callback_query_id": press, "text": text[:MOST_ANSWER], "show_alert": True}
        self._spoken("answerCallbackQuery", asked)

    def _in_chat(self, method: str, asked: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON.
        try:
            return self._spoken(method, {"chat_id": self._chat_id, **asked})
        except _Moved as moved:
            self._chat_id = str(moved.chat_id)
            log.warning("chat_moved", chat_id=self._chat_id, mend="alerts.telegram.chat_id")
            return self._spoken(method, {"chat_id": self._chat_id, **asked})

    def _spoken(self, method: str, asked: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON.
        left = self._quiet_until - time.monotonic()
        if left > 0.0:
            raise NotTaken(
                f"Telegram asked us to be quiet for another {left:.0f} s", after_seconds=left
            )
        return self._asked(method, asked, patience=_ANSWER_SECONDS)[0]

    def _session(self) -> Session:
        session: Session | None = getattr(self._own, "session", None)
        if session is None:
            self._own.session = session = _session()
        return session

    def _asked(
        self, method: str, asked: Mapping[str, object], *, patience: float
    ) -> tuple[Any, datetime]:
        try:
            with self._session().post(
                f"{self._base_url}/bot{self._token}/{method}",
                json=asked,
                timeout=(_CONNECT_SECONDS, patience),
                allow_redirects=False,
                stream=True,
            ) as response:
                served_at = _served_at(response)
                answer = _answer(response)
        except (requests.RequestException, BrokenAnswer, ValueError, OSError) as error:
            failed = type(error).__name__
        else:
            return self._result(method, response.status_code, answer), served_at
        # Raised out here: what went wrong holds the address, and that the token.
        raise SourceAway(f"{self._base_url} gave no answer to {method} ({failed})")

    def _result(self, method: str, status: int, answer: _Answer) -> Any:  # noqa: ANN401 - JSON.
        told = answer.description.replace(self._token, "[redacted]")[:200]
        if answer.ok:
            return answer.result
        if any(text in told for text in _HARMLESS.get(method, ())):
            return None
        if status == _TOO_MANY_REQUESTS:
            pause = min(float(answer.parameters.retry_after or 1), _LONGEST_PAUSE_SECONDS)
            self._quiet_until = time.monotonic() + pause
        if status == _CONFLICT:
            raise ConfigurationError(
                f"someone else reads the bot's updates ({told}); let one installation alone use "
                "alerts.telegram.bot_token, without a webhook"
            )
        moved_to = answer.parameters.migrate_to_chat_id
        if moved_to is not None and str(moved_to) != self._chat_id:
            raise _Moved(moved_to)
        if status in _REFUSED or status == _BAD_REQUEST:
            raise ConfigurationError(
                f"Telegram refused {method} ({told}); check alerts.telegram.bot_token and .chat_id"
            )
        raise NotTaken(
            f"Telegram answered {method} with HTTP {status} ({told})",
            after_seconds=max(self._quiet_until - time.monotonic(), 0.0),
        )


def fitting(text: str) -> str:
    """Return a text that one message holds, cut and said to be where it is longer."""
    units = text.encode("utf-16-le", "replace")
    if len(units) // 2 <= MOST_TEXT:
        return units.decode("utf-16-le")
    kept = units[: 2 * (MOST_TEXT - len(_CUT))]
    return kept.decode("utf-16-le", "ignore") + _CUT


def _session() -> Session:
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_shows_no_token)
    session = requests.Session()
    # Only what never left is sent again: a message said twice is worse than one that is not.
    retries = Retry(total=2, connect=2, read=0, redirect=0, status=0, other=0, backoff_factor=0.2)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    return session


def _shows_no_token(record: logging.LogRecord) -> bool:
    # The library logs addresses, and the token is a part of ours.
    return _TOKEN_IN_ADDRESS.search(record.getMessage()) is None


def _answer(response: Response) -> _Answer:
    body = response.raw.read(MOST_BYTES + 1, decode_content=True)
    if len(body) > MOST_BYTES:
        raise ValueError("an answer too large")
    try:
        return _Answer.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        if response.status_code >= _FIRST_SERVER_ERROR:
            # A proxy in between speaks HTML.
            return _Answer(ok=False, description="no JSON")
        raise ValueError("an answer that is none of the Bot API's") from None


def _served_at(response: Response) -> datetime:
    try:
        told = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return datetime.now(UTC)
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def _markup(buttons: Sequence[Button]) -> dict[str, object]:
    if not buttons:
        return {}
    row = [{"text": one.label, "callback_data": one.data} for one in buttons]
    return {"reply_markup": {"inline_keyboard": [row]}}


def _read(kind: type[_Model], value: object) -> _Model:
    try:
        return kind.model_validate(value)
    except ValidationError:
        raise SourceAway("Telegram answered with something else than it documents") from None
