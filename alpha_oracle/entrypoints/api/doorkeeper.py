"""What is refused before anyone reads it: strange host names, and bodies that are no request's."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from alpha_oracle.entrypoints.api.problems import Problem, problem_answer

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 65_536
"""Bytes; the longest that is asked for has a reason of 500 characters."""

BODY_SECONDS: Final = 10.0
"""How long a body may take to arrive."""


class Doorkeeper:
    """Stands before the application.

    A page of a stranger's may have a browser call this machine under the stranger's name (DNS
    rebinding): only names that are ours are answered. A body is read here, whole and within
    bounds, before the application begins.
    """

    def __init__(
        self, app: ASGIApp, *, allowed_hosts: Collection[str], body_seconds: float = BODY_SECONDS
    ) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed_hosts)
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            length = self._length(Headers(scope=scope))
            body = await self._body(receive) if length else b""
        except Problem as problem:
            await problem_answer(problem)(scope, receive, send)
            return
        await self._app(scope, _told_again(body, receive) if length else receive, send)

    def _length(self, headers: Headers) -> int:
        name = host_name(headers.get("host", ""))
        if name not in self._allowed:
            detail = "the API is not called by this name; see api.allowed_hosts"
            raise Problem(HTTPStatus.MISDIRECTED_REQUEST, detail)
        if "transfer-encoding" in headers:
            raise Problem(HTTPStatus.LENGTH_REQUIRED, "a body must say its length beforehand")
        # The server holds a body to the length it says, and refuses what is no number.
        length = int(headers.get("content-length", "0"))
        if length > LARGEST_BODY:
            detail = f"a body may have {LARGEST_BODY} bytes at most"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        if length and not is_json(headers.get("content-type", "")):
            detail = "a body is JSON; say so by `Content-Type: application/json`"
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        return length

    async def _body(self, receive: Receive) -> bytes:
        body, is_whole = bytearray(), False
        try:
            async with asyncio.timeout(self._body_seconds):
                while not is_whole:
                    message = await receive()
                    body += message.get("body", b"")
                    # Who is gone while it speaks has no more to say.
                    is_whole = not message.get("more_body", False)
        except TimeoutError:
            detail = f"a body must arrive within {self._body_seconds:g} seconds"
            raise Problem(
                HTTPStatus.REQUEST_TIMEOUT, detail, headers={"Connection": "close"}
            ) from None
        return bytes(body)


def is_json(content_type: str) -> bool:
    """Whether a body of this Content-Type is JSON, in UTF-8 if in anything."""
    media_type, *parameters = [part.strip().lower() for part in content_type.split(";")]
    charsets = [one.partition("=")[2].strip('"') for one in parameters if one.startswith("charset")]
    return media_type == "application/json" and all(one in {"utf-8", "utf8"} for one in charsets)


def host_name(header: str) -> str:
    """Return the name of a Host header, without its port."""
    name, separator, port = header.rpartition(":")
    is_with_port = (
        separator and port.isdecimal() and (not name.startswith("[") or name.endswith("]"))
    )
    return (name if is_with_port else header).lower()


def _told_again(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
