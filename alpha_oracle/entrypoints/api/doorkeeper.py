"""What is refused before anyone reads it: strange host names, and bodies that are too large."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from alpha_oracle.entrypoints.api.problems import Problem, problem_answer

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

LARGEST_BODY: Final = 65_536
"""Bytes; the longest that is asked for has a reason of 500 characters."""


class Doorkeeper:
    """Stands before the application.

    A page of a stranger's may have a browser call this machine under the stranger's name (DNS
    rebinding): only names that are ours are answered.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        problem = self._problem(headers)
        if problem is not None:
            await problem_answer(problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _problem(self, headers: Headers) -> Problem | None:
        name = host_name(headers.get("host", ""))
        if name not in self._allowed:
            detail = "the API is not called by this name; see api.allowed_hosts"
            return Problem(HTTPStatus.MISDIRECTED_REQUEST, detail)
        if "transfer-encoding" in headers:
            return Problem(HTTPStatus.LENGTH_REQUIRED, "a body must say its length beforehand")
        # The server holds a body to the length it says, and refuses what is no number.
        if int(headers.get("content-length", "0")) > LARGEST_BODY:
            detail = f"a body may have {LARGEST_BODY} bytes at most"
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        return None


def host_name(header: str) -> str:
    """Return the name of a Host header, without its port."""
    name, separator, port = header.rpartition(":")
    is_with_port = (
        separator and port.isdecimal() and (not name.startswith("[") or name.endswith("]"))
    )
    return (name if is_with_port else header).lower()
