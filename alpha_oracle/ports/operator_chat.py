"""The chat in which operators talk to the installation, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """What a person presses under a message; `data` comes back, 64 bytes at most."""

    label: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Who we are in the chat."""

    bot_id: int
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What people did, oldest first, as they were told of: nothing of it is checked.

    `served_at` is the chat server's own time of telling. Where it is not `complete`, more waits.
    """

    served_at: datetime
    updates: tuple[Mapping[str, object], ...]
    is_complete: bool


class OperatorChat(Protocol):
    """The operators' chat, `name`d as the settings do.

    Every method raises `SourceAway` where nobody answers (or asks us to slow down), and
    `ConfigurationError` where what is set up is refused. Neither holds a secret.
    """

    @property
    def name(self) -> str:
        """The chat's id, or its public name."""
        ...

    def find(self) -> None:
        """Find out what the chat is called by now."""
        ...

    def introduction(self) -> Bot:
        """Return who we are."""
        ...

    def arrived(self, *, after: int | None, wait_seconds: int) -> Arrived:
        """Wait for what people do; what came up to `after` is confirmed and not told again."""
        ...

    def say(self, text: str, *, buttons: Sequence[Button] = (), to: int | None = None) -> int:
        """Post a message, its end cut where it is too long; return its number in the chat.

        `to` is another chat than the operators'.
        """
        ...

    def edit(self, message: int, text: str, *, buttons: Sequence[Button] = ()) -> None:
        """Let a message of ours say something else; one that is gone is left gone."""
        ...

    def answer(self, press: str, text: str) -> None:
        """Tell who pressed a button what came of it; a press of long ago is past telling."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message about an order that waited for a human, and what it shows.

    `stamp` is another one once anything happened to the order that the message is to show.
    """

    order_id: str
    message: int
    text: str
    stamp: str = ""


class ChatRecord(Protocol):
    """What outlives this process of a bot in a chat."""

    def was_taken(self, update: int) -> bool:
        """Whether an update was claimed before."""
        ...

    def claim(self, update: int, *, at: datetime) -> bool:
        """Take an update for one's own, for good; False: it was taken before."""
        ...

    def open_cards(self, *, now: datetime) -> list[Card]:
        """Return the messages whose orders may still change what they show."""
        ...

    def keep_card(self, card: Card, *, is_open: bool, at: datetime) -> None:
        """Put on record what the message about an order shows."""
        ...

    def audit(
        self, action: str, *, by: str, subject: str, detail: Mapping[str, object], at: datetime
    ) -> None:
        """Append an entry to the audit log."""
        ...

    def forget_updates(self, *, before: datetime) -> None:
        """Drop updates taken before an instant: nobody tells them again."""
        ...
