"""What Alpha Vantage says instead of data, with HTTP status 200: told apart by a few words.

The wording changes every few months, so no text is matched as a whole: a refusal is known by the
key it comes under and by words that survived the changes. What nobody foresaw is never taken for
a symbol that does not exist.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SERIES: Final = "Time Series (Daily)"
REPORTS: Final = "quarterlyReports"
EARNINGS: Final = "quarterlyEarnings"
SYMBOL: Final = "Symbol"
ERROR: Final = "Error Message"
INFORMATION: Final = "Information"
NOTE: Final = "Note"

_LONGEST_TEXT: Final = 300


class RefusalKind(StrEnum):
    """Why there is no data."""

    BAD_KEY = "bad_key"
    PREMIUM_ONLY = "premium_only"
    RATE_LIMITED = "rate_limited"
    """Too many requests in a second or a minute."""
    DAY_USED_UP = "day_used_up"
    INVALID_CALL = "invalid_call"
    """No such symbol, mostly; the text does not say."""
    NO_SUCH_FUNCTION = "no_such_function"
    NOTHING_SAID = "nothing_said"
    """An empty object."""
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal: its kind, and what was said, short enough for an error."""

    kind: RefusalKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    kind: RefusalKind
    keys: frozenset[str]
    groups: tuple[tuple[str, ...], ...]  # One word of each group stands in the text.


_SAID: Final = frozenset({INFORMATION, NOTE})
_DATA: Final[Mapping[str, type]] = {SERIES: dict, REPORTS: list, EARNINGS: list, SYMBOL: str}

# The first rule that fits decides. The limit of a second or a minute comes before the day's: its
# texts tell the daily allowance too, the day's never speak of seconds or minutes.
_RULES: Final = (
    _Rule(
        kind=RefusalKind.BAD_KEY,
        keys=frozenset({ERROR, INFORMATION, NOTE}),
        groups=(("apikey", "api key"), ("invalid", "missing", "demo purposes")),
    ),
    _Rule(
        kind=RefusalKind.NO_SUCH_FUNCTION,
        keys=frozenset({ERROR}),
        groups=(("function",), ("does not exist",)),
    ),
    _Rule(
        kind=RefusalKind.INVALID_CALL,
        keys=frozenset({ERROR}),
        groups=(("invalid api call",),),
    ),
    _Rule(
        kind=RefusalKind.PREMIUM_ONLY,
        keys=_SAID,
        groups=(("is a premium", "are premium", "premium only", "premium-only"),),
    ),
    _Rule(
        kind=RefusalKind.RATE_LIMITED,
        keys=_SAID,
        groups=(
            (
                *("per second", "per-second", "per minute", "per-minute", "minute-level"),
                *("burst", "spreading out", "sparingly"),
            ),
        ),
    ),
    _Rule(
        kind=RefusalKind.DAY_USED_UP,
        keys=_SAID,
        groups=(("per day", "/day", "a day", "daily"), ("limit", "requests", "calls")),
    ),
    _Rule(
        kind=RefusalKind.RATE_LIMITED,
        keys=_SAID,
        groups=(("call frequency", "call volume", "rate limit"),),
    ),
)
_LINK: Final = re.compile(r"https?://\S+")
_FUNCTION: Final = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
_SPACES: Final = re.compile(r"\s+")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")


def read_refusal(document: Mapping[str, object], *, holds: str = SERIES) -> Refusal | None:
    """Return why an answer, the key taken out of it, has no data under `holds`; None: it has."""
    if isinstance(document.get(holds), _DATA[holds]):
        return None
    if not document:
        return Refusal(kind=RefusalKind.NOTHING_SAID, text="an empty object")
    for key in (ERROR, INFORMATION, NOTE):
        text = document.get(key)
        if isinstance(text, str):
            return Refusal(kind=_kind(key, text), text=_shortened(text))
    return Refusal(kind=RefusalKind.UNRECOGNISED, text=_shortened(json.dumps(document)))


def _kind(key: str, text: str) -> RefusalKind:
    words = _telling_words(text)
    for rule in _RULES:
        if key in rule.keys and all(any(word in words for word in group) for group in rule.groups):
            return rule.kind
    return RefusalKind.UNRECOGNISED


def _telling_words(text: str) -> str:
    # Links and function names hold "premium", "api-key" and "daily", whatever the text says.
    plain = _FUNCTION.sub("", _LINK.sub("", text)).replace("*", "")
    return _SPACES.sub(" ", plain).lower()


def _shortened(text: str) -> str:
    plain = _SPACES.sub(" ", _UNPRINTABLE.sub(" ", text)).strip()
    return plain if len(plain) <= _LONGEST_TEXT else f"{plain[:_LONGEST_TEXT]}..."
