"""What can go wrong between us and a gateway; none of it leaves this adapter."""

from __future__ import annotations

from enum import StrEnum

from alpha_oracle.adapters.ibkr import codes


class Hindrance(StrEnum):
    """Why no connection came about."""

    NOTHING_LISTENS = "nothing listens"
    ID_TAKEN = "id taken"
    HUNG_UP = "hung up"
    SILENT = "silent"


class LinkRefusedError(Exception):
    """A connection did not come about."""

    def __init__(self, hindrance: Hindrance, detail: str = "") -> None:
        super().__init__(detail or str(hindrance))
        self.hindrance = hindrance


class LinkLostError(Exception):
    """The connection, or what was asked on it, is gone: ask again."""


class CutOffError(Exception):
    """The gateway did not find back to IBKR's servers in time."""


class RequestRefusedError(Exception):
    """The gateway answered a request with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(codes.in_words(code, text))
        self.verdict = codes.judge(code, text)


class UnansweredError(Exception):
    """The gateway lives, and did not answer a request that was sent twice."""
