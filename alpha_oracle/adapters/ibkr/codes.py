"""What the gateway's error codes mean for a request, by code and by few telling words.

The texts change between versions and languages: whole texts are never compared, and what matches
nothing is a failure with the text it came with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TOO_FAST: Final = 100
ID_TAKEN: Final = 326
LOST: Final = 1100
BACK_WITHOUT_REQUESTS: Final = 1101
BACK_WITH_REQUESTS: Final = 1102
FARM_DOWN: Final = frozenset({2103, 2105, 2110, 2157})
NOTICES: Final = range(2100, 2200)
NO_REQUEST: Final = -1

_LONGEST_TEXT: Final = 300
_ACCOUNT: Final = re.compile(r"\b(?:D?[UFI]|DFU|UA)\d{5,9}\b")


class Verdict(StrEnum):
    """What an error means for the symbol that was asked for."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    NO_DATA = "no_data"
    REFUSED = "refused"
    LATER = "later"
    """Something that passes and strikes all requests: pause, then ask again."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class _Meaning:
    codes: frozenset[int]
    words: tuple[str, ...]
    verdict: Verdict


def _means(verdict: Verdict, *codes: int, words: tuple[str, ...] = ("",)) -> _Meaning:
    return _Meaning(frozenset(codes), words, verdict)


_MEANINGS: Final = (
    # "No market data permissions for ..." also says "no ... data": permissions come first.
    _means(Verdict.REFUSED, 162, 420, words=("permission", "not subscribed", "subscription")),
    _means(Verdict.LATER, 162, 420, words=("pacing", "too many requests")),
    _means(Verdict.NO_DATA, 162, words=("no data", "no historical market data")),
    # Someone is logged in with the same user elsewhere, or the history servers restart.
    _means(Verdict.LATER, 162, words=("different ip", "disconnect", "inactive", "cancel")),
    _means(Verdict.LATER, 504, 10197),
    _means(Verdict.LATER, 322, words=("simultaneous",)),
    _means(Verdict.LATER, 100, 420),
    _means(Verdict.FAILED, 200, words=("ambiguous",)),
    _means(Verdict.UNKNOWN_SYMBOL, 200),
    _means(Verdict.REFUSED, 203, 354, 10089, 10090, 10168, 10186),
)


def judge(code: int, text: str) -> Verdict:
    """Return what an error says about a request for a contract or its history."""
    words = text.casefold()
    for meaning in _MEANINGS:
        if code in meaning.codes and any(word in words for word in meaning.words):
            return meaning.verdict
    return Verdict.FAILED


def in_words(code: int, text: str) -> str:
    """Return an error as a reason to show: short, on one line, without account numbers."""
    return f"IBKR error {code}: {without_accounts(' '.join(text.split()))[:_LONGEST_TEXT]}"


def without_accounts(text: str) -> str:
    """Return a text of the gateway without the account numbers in it."""
    return _ACCOUNT.sub("[account]", text)
