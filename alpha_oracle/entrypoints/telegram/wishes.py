"""What a message asks for. The words that change something count where they are typed exactly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from string import punctuation
from typing import Final

from alpha_oracle.risk.kill_switch import KILL_WORD, RESUME_WORD

MOST_REASON: Final = 500
NO_REASON: Final = "by hand"


class WishKind(StrEnum):
    """What can be asked for."""

    HELP = "help"
    STATUS = "status"
    KILL = "kill"
    RESUME = "resume"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for; `word` is what was typed to confirm it, None: nothing yet."""

    kind: WishKind
    word: str | None = None
    reason: str = NO_REASON


_COMMANDS: Final = {
    "help": WishKind.HELP,
    "start": WishKind.HELP,
    "status": WishKind.STATUS,
    "kill": WishKind.KILL,
    "resume": WishKind.RESUME,
}


def wish_of(text: str, *, username: str) -> Wish | None:
    """Return what a text asks of the bot of a name; None: nothing, it is talk among people.

    A command names the wish; `KILL` (a reason may follow) and `RESUME` alone ask as well. What is
    nearly one of these words is asked with it, so that somebody says it was not.
    """
    first, *rest = text.split(maxsplit=1) or [""]
    if not first.startswith("/"):
        return _of_word(text, first, *rest)
    name, _, addressee = first[1:].partition("@")
    if addressee and addressee.lower() != username.lower():
        return None
    kind = _COMMANDS.get(name.lower(), WishKind.UNKNOWN)
    if kind is WishKind.KILL:
        return _confirmed(kind, *rest)
    if kind is WishKind.RESUME:
        return Wish(kind=kind, word=rest[0].strip() if rest else None)
    return Wish(kind=kind)


def _of_word(text: str, first: str, *rest: str) -> Wish | None:
    if first == KILL_WORD:
        return _confirmed(WishKind.KILL, " ".join((first, *rest)))
    nearly = first.strip(punctuation).upper()
    if nearly == KILL_WORD:
        return Wish(kind=WishKind.KILL, word=first)
    return Wish(kind=WishKind.RESUME, word=text.strip()) if nearly == RESUME_WORD else None


def _confirmed(kind: WishKind, typed: str = "") -> Wish:
    word, *reason = typed.split() or [""]
    told = " ".join(reason)[:MOST_REASON]
    return Wish(kind=kind, word=word or None, reason=told or NO_REASON)
