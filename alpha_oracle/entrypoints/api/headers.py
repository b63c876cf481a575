"""What every answer says of itself, and answers without a body for who asks for none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

GUARDS: Final[dict[str, str]] = {
    # Answers are data: no page may run, frame or keep them.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guarded:
    """Adds to each answer what it does not say itself; answers HEAD as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, is_head=scope["method"] == "HEAD")
        asked = {**scope, "method": "GET"} if answer.is_head else scope
        await self._app(asked, answer.receiving(receive), answer.send)


class _Answer:
    def __init__(self, send: Send, *, is_head: bool) -> None:
        self.is_head = is_head
        self._send = send
        self._is_over = False

    def receiving(self, receive: Receive) -> Receive:
        async def receive_until_over() -> Message:
            # A stream that nobody reads ends, as if its reader had gone.
            return {"type": "http.disconnect"} if self._is_over else await receive()

        return receive_until_over

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in GUARDS.items():
                headers.setdefault(name, value)
            await self._send(message)
        elif not self.is_head:
            await self._send(message)
        elif not self._is_over:
            self._is_over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
