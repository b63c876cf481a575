"""What Telegram tells of people, read totally: whatever is no message or press is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST: Final = 2**63 - 1
_LAST_SECOND: Final = 253_402_300_799
_Number: TypeAlias = Annotated[int, Field(ge=-_MOST, le=_MOST)]
_Instant: TypeAlias = Annotated[int, Field(ge=0, le=_LAST_SECOND)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat, by its id and the public name that some have."""

    chat_id: int
    username: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message. `is_typed`: by its author, in place of forwarded or made by another bot.

    `user_id` is None for one that no person signs.
    """

    update: int
    user_id: int | None
    place: Place
    at: datetime
    text: str
    is_typed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A press on a button of a message; nobody tells when."""

    update: int
    user_id: int | None
    place: Place
    press: str
    message: int
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """An update that asks for nothing, or that nobody can read."""

    update: int


Update: TypeAlias = Said | Pressed | Nothing
"""Whatever a person may have done."""


class _Lax(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _User(_Lax):
    id: _Number
    is_bot: bool = False


class _Chat(_Lax):
    id: _Number
    username: str = ""


class _Message(_Lax):
    message_id: _Number
    date: _Instant
    chat: _Chat
    author: _User | None = Field(default=None, alias="from")
    text: str | None = None
    forward_origin: Any = None
    forward_date: Any = None
    via_bot: Any = None


class _Press(_Lax):
    id: str
    author: _User = Field(alias="from")
    message: _Message | None = None
    data: str | None = None


class _Update(_Lax):
    message: _Message | None = None
    callback_query: _Press | None = None


class _Numbered(_Lax):
    update_id: Annotated[int, Field(ge=0, le=_MOST)]


def read_update(raw: Mapping[str, object]) -> Update | None:
    """Return what an update says; None: not even its number can be read."""
    try:
        update = _Numbered.model_validate(raw).update_id
    except ValidationError:
        return None
    try:
        read = _Update.model_validate(raw)
    except ValidationError:
        return Nothing(update=update)
    if read.callback_query is not None:
        return _pressed(update, read.callback_query)
    return _said(update, read.message)


def _said(update: int, message: _Message | None) -> Said | Nothing:
    if message is None or message.text is None:
        return Nothing(update=update)
    others = (message.forward_origin, message.forward_date, message.via_bot)
    return Said(
        update=update,
        user_id=_person(message.author),
        place=_place(message),
        at=datetime.fromtimestamp(message.date, UTC),
        text=message.text,
        is_typed=all(one is None for one in others),
    )


def _pressed(update: int, press: _Press) -> Pressed | Nothing:
    if press.message is None or press.data is None:
        return Nothing(update=update)
    return Pressed(
        update=update,
        user_id=_person(press.author),
        place=_place(press.message),
        press=press.id,
        message=press.message.message_id,
        data=press.data,
    )


def _person(user: _User | None) -> int | None:
    return None if user is None or user.is_bot else user.id


def _place(message: _Message) -> Place:
    return Place(chat_id=message.chat.id, username=message.chat.username)
