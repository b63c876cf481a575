"""Who asks, and whether they may: bearer tokens with a role, and patience for wrong ones."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict, deque
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

MOST_FAILURES: Final = 10
WITHIN_SECONDS: Final = 60.0
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
    """Knows the tokens, and who tried wrong ones. Threads may share it."""

    def __init__(
        self, tokens: Sequence[Token], *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens = tuple(tokens)
        self._elapsed = elapsed
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def caller(self, token: str | None, *, address: str) -> Caller:
        """Return whose token it is.

        Raises:
            Problem: nobody's; 429 after too many of them from one address.
        """
        digest = hashlib.sha256((token or "").encode()).hexdigest()
        # Each is compared, and in constant time: an answer's delay tells nothing.
        found = [one for one in self._tokens if hmac.compare_digest(one.sha256, digest)]
        if found:
            return Caller(name=f"api:{digest[:NAME_DIGITS]}", role=found[0].role)
        raise self._refusal(address)

    def _refusal(self, address: str) -> Problem:
        wait = self._seconds_to_wait(address)
        if wait > 0.0:
            return Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many requests without a valid token; wait",
                headers={"Retry-After": str(int(wait) + 1)},
            )
        return Problem(
            HTTPStatus.UNAUTHORIZED,
            "a valid bearer token is needed; the operator's lies in `api_token` under home",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _seconds_to_wait(self, address: str) -> float:
        now = self._elapsed()
        with self._lock:
            times = self._failures.setdefault(address, deque(maxlen=MOST_FAILURES))
            self._failures.move_to_end(address)
            while len(self._failures) > MOST_ADDRESSES:
                self._failures.popitem(last=False)
            is_full = len(times) == MOST_FAILURES
            wait = WITHIN_SECONDS - (now - times[0]) if is_full else 0.0
            if wait <= 0.0:
                times.append(now)
            return wait


_BEARER: Final = HTTPBearer(auto_error=False)


def viewer(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Caller:
    """Return who asks; whoever has a token may look."""
    address = request.client.host if request.client else ""
    caller: Caller = request.app.state.access.caller(
        given.credentials if given else None, address=address
    )
    request.app.state.services.presence.seen()
    return caller


def operator(caller: Annotated[Caller, Depends(viewer)]) -> Caller:
    """Return who asks, where they may change something."""
    if caller.role is not Role.OPERATOR:
        raise Problem(HTTPStatus.FORBIDDEN, "this takes a token with the role operator")
    return caller
