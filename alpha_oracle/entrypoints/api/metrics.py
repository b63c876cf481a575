"""The metrics, by HTTP; and the layer that counts every request, whatever became of it."""

from __future__ import annotations

import time
from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from alpha_oracle.bootstrap.api_metrics import ApiMetrics

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
UNMATCHED: Final = "unmatched"
"""What requests that reach no route are counted under: their paths are endless."""

OTHER: Final = "OTHER"

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={HTTPStatus.OK.value: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """What Prometheus reads: this process, the stores, the pipeline, and what trading stands at."""
    told: ApiMetrics = request.app.state.metrics
    return Response(told.text(), media_type=MEDIA_TYPE)


class Counted:
    """Counts the requests that pass through, as a layer around the application."""

    def __init__(self, app: ASGIApp, *, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, and count it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passing = _Passing(self._metrics, scope)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                passing.count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            # Whoever stands around this layer answers it.
            passing.count(HTTPStatus.INTERNAL_SERVER_ERROR.value)
            raise


class _Passing:
    def __init__(self, metrics: ApiMetrics, scope: Scope) -> None:
        self._metrics = metrics
        self._scope = scope
        self._started = time.monotonic()
        self._is_counted = False

    def count(self, status: int) -> None:
        if self._is_counted:
            return
        self._is_counted = True
        seconds = time.monotonic() - self._started
        method, route = _method(self._scope), _route(self._scope)
        self._metrics.count(method, route, status=status, seconds=seconds)


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in HTTPMethod.__members__ else OTHER


def _route(scope: Scope) -> str:
    found: str = getattr(scope.get("route"), "path", UNMATCHED)
    return found
