"""What happens, as it happens: every channel of the bus as server-sent events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from alpha_oracle.ports.events import AnnouncedEvent, EventLog

router = APIRouter(tags=["events"])

POLL_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 15.0
"""After so long a comment keeps proxies from closing the connection."""

BATCH: Final = 200
ANY_ID: Final = "^[0-9]{0,18}$"
MEDIA_TYPE: Final = "text/event-stream"
STREAMED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.get("/api/events", response_class=StreamingResponse, responses=STREAMED)
async def events(
    request: Request,
    services: ServicesOf,
    last_event_id: Annotated[str, Header(pattern=ANY_ID)] = "",
) -> StreamingResponse:
    """Everything that is announced, from now on, or from after `Last-Event-ID` on."""
    log = services.events
    latest = await run_in_threadpool(log.latest)
    # A database restored from a backup has forgotten the newest numbers.
    after = min(int(last_event_id), latest) if last_event_id else latest
    return StreamingResponse(
        told(log, after, is_gone=request.is_disconnected),
        media_type=MEDIA_TYPE,
    )


async def told(
    log: EventLog,
    after: int,
    *,
    is_gone: Callable[[], Awaitable[bool]],
    poll_seconds: float = POLL_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
) -> AsyncIterator[str]:
    """Tell what comes after an event until whoever listens is gone, or the record is away.

    The next events are read when the last are taken: a slow listener holds up itself alone.
    """
    # Said at once, so that who listens knows that it does.
    yield ": listening\n\n"
    quiet = 0.0
    while not await is_gone():
        try:
            found = await run_in_threadpool(log.after, after, limit=BATCH)
        except StoreUnavailable:
            # Who listens asks again with the last id it saw.
            return
        for event in found:
            after = event.number
            yield _text(event)
        if found:
            quiet = 0.0
            continue
        await asyncio.sleep(poll_seconds)
        quiet += poll_seconds
        if quiet >= quiet_seconds:
            quiet = 0.0
            yield ": quiet\n\n"


def _text(event: AnnouncedEvent) -> str:
    # Documents are JSON on one line: nothing in them can end an event early.
    return f"id: {event.number}\nevent: {event.channel}\ndata: {event.document}\n\n"
