"""Who asks, and whether they may: bearer tokens with a role, and patience for wrong ones."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from alpha_oracle.entrypoints.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_FAILURES: Final = 15
"""Wrong tokens that an address may give at once; from then on one in `FAILURE_SECONDS`."""

FAILURE_SECONDS: Final = 1.0
MOST_ADDRESSES: Final = 10_000
NAME_DIGITS: Final = 8


class Role(StrEnum):
    """What the owner of a token may do: look, or change something too."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token by its SHA-256, in hex; the token itself is nowhere."""

    sha256: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the audit log names them: by the first digits of their token's SHA-256."""

    name: str
    role: Role


class Access:
    """Knows the tokens, and who tried wrong ones. Threads may share it.

    Wrong tokens are let in drop by drop (the generic cell rate algorithm): of each address it is
    kept until when what it gave is paid off. Who gives none at all guesses nothing.
    """

    def __init__(
        self, tokens: Sequence[Token], *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens = tuple(tokens)
        self._elapsed = elapsed
        self._paid_off_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def caller(self, token: str | None, *, address: str) -> Caller:
        """Return whose token it is.

        Raises:
            Problem: nobody's; 429 after too many wrong ones from one address.
        """
        digest = hashlib.sha256((token or "").encode()).hexdigest()
        # Each is compared, and in constant time: an answer's delay tells nothing.
        found = [one for one in self._tokens if hmac.compare_digest(one.sha256, digest)]
        if found:
            return Caller(name=f"api:{digest[:NAME_DIGITS]}", role=found[0].role)
        raise self._refusal(0.0 if token is None else self._seconds_to_wait(address))

    def _refusal(self, wait: float) -> Problem:
        if wait > 0.0:
            return Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many requests without a valid token; wait",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        return Problem(
            HTTPStatus.UNAUTHORIZED,
            "a valid bearer token is needed; the operator's lies in `api_token` under home",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _seconds_to_wait(self, address: str) -> float:
        now = self._elapsed()
        with self._lock:
            paid_off = max(self._paid_off_at.get(address, now), now)
            owed = paid_off - now + FAILURE_SECONDS
            wait = round(owed - MOST_FAILURES * FAILURE_SECONDS, 6)
            if wait <= 0.0:
                self._paid_off_at[address] = paid_off + FAILURE_SECONDS
                self._paid_off_at.move_to_end(address)
            while len(self._paid_off_at) > MOST_ADDRESSES:
                self._paid_off_at.popitem(last=False)
            return wait


_BEARER: Final = HTTPBearer(auto_error=False)


def caller_of(request: Request, token: str | None) -> Caller:
    """Return who asks.

    Raises:
        Problem: nobody we know.
    """
    access: Access = request.app.state.access
    return access.caller(token, address=request.client.host if request.client else "")


def viewer(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Caller:
    """Return who asks; whoever has a token may look."""
    caller = caller_of(request, given.credentials if given else None)
    request.app.state.services.presence.seen()
    return caller


def operator(caller: Annotated[Caller, Depends(viewer)]) -> Caller:
    """Return who asks, where they may change something."""
    if caller.role is not Role.OPERATOR:
        raise Problem(HTTPStatus.FORBIDDEN, "this takes a token with the role operator")
    return caller
