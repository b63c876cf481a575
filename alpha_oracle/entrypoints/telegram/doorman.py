"""Who may ask for anything: listed people, in the operators' chat; and patience for the others."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.entrypoints.telegram.updates import Place

WITHIN_SECONDS: Final = 60.0
MOST_ANSWERS: Final = 1
MOST_ENTRIES: Final = 10
MOST_ENTRIES_OF_ALL: Final = 60
MOST_PEOPLE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorman:
    """Knows the chat (by id, or by its public name with an @) and who may ask in it."""

    chat: str
    operators: frozenset[int]

    def is_ours(self, place: Place) -> bool:
        """Whether a chat is the operators'."""
        if str(place.chat_id) == self.chat:
            return True
        named = f"@{place.username}".lower()
        return bool(place.username) and named == self.chat.lower()

    def admits(self, user_id: int | None, place: Place) -> bool:
        """Whether a person may ask in a chat."""
        return user_id in self.operators and self.is_ours(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a refused person is dealt with; `unwritten` refusals came before, without an entry."""

    is_answered: bool
    is_written: bool
    unwritten: int


class Refusals:
    """Counts the refused, so that nobody makes the bot talk, or the record grow, at will."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._answers = _Allowance(MOST_ANSWERS, elapsed)
        self._entries = _Allowance(MOST_ENTRIES, elapsed)
        self._entries_of_all = _Allowance(MOST_ENTRIES_OF_ALL, elapsed)
        self._unwritten = 0
        self.count = 0

    def another(self, user_id: int | None) -> Refusal:
        """Count one more, of a person."""
        self.count += 1
        is_written = self._entries.has_left(user_id) and self._entries_of_all.has_left(None)
        unwritten = self._unwritten
        self._unwritten = 0 if is_written else unwritten + 1
        is_answered = is_written and self._answers.has_left(user_id)
        return Refusal(is_answered=is_answered, is_written=is_written, unwritten=unwritten)


class _Allowance:
    def __init__(self, most: int, elapsed: Callable[[], float]) -> None:
        self._most = most
        self._elapsed = elapsed
        self._times: OrderedDict[int | None, deque[float]] = OrderedDict()

    def has_left(self, user_id: int | None) -> bool:
        now = self._elapsed()
        times = self._times.setdefault(user_id, deque(maxlen=self._most))
        self._times.move_to_end(user_id)
        while len(self._times) > MOST_PEOPLE:
            self._times.popitem(last=False)
        if len(times) == self._most and now - times[0] < WITHIN_SECONDS:
            return False
        times.append(now)
        return True
