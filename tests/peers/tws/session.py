"""One client's connection: greeting, client id, and a table from message id to answer."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.peers.tws import messages, notices
from tests.peers.tws.faults import Point
from tests.peers.tws.ledger import Connection, ConnectionEvent, Refusal, Request, is_refusal
from tests.peers.tws.routes import START_API, Route, route_of
from tests.peers.tws.stage import Stage
from tests.peers.tws.wire import (
    SERVER_VERSION,
    BrokenWire,
    Fields,
    handshake,
    read_frame,
    read_versions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.tws.gateway import Gateway
    from tests.peers.tws.notices import Notice

LOST = (asyncio.IncompleteReadError, ConnectionError)
VIOLATIONS_FORGIVEN = 2


class Session:
    """A socket from accept to close."""

    def __init__(
        self, gateway: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.gateway = gateway
        self.client_id = -1
        self.deaf = False
        self.tasks: dict[asyncio.Task[None], tuple[Point, int]] = {}
        self._reader = reader
        self._writer = writer
        self._arrivals: deque[float] = deque()
        self._violations: list[float] = []
        self.summaries: set[int] = set()
        self.lines: dict[int, int] = {}
        self.data_type = 1
        self._outbox: asyncio.Queue[tuple[Point, bytes, str]] = asyncio.Queue()

    async def serve(self) -> None:
        """Talk until one side ends it."""
        self.note(ConnectionEvent.ACCEPTED)
        telling = asyncio.create_task(self._tell_unasked())
        try:
            with suppress(*LOST, BrokenWire):
                await self._greet()
                while not self._writer.is_closing():
                    await self._receive(await read_frame(self._reader))
        finally:
            for task in (telling, *self.tasks):
                task.cancel()
            self.gateway.release(self)
            self.note(ConnectionEvent.CLOSED)
            self.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    def send(self, data: bytes) -> None:
        """Write to the client, unless its socket is half dead or closed."""
        if not self.deaf and not self._writer.is_closing():
            self._writer.write(data)

    def tell(self, notice: Notice, *, request_id: int = messages.NO_REQUEST) -> None:
        """Send an error or notice."""
        if self.deaf or self._writer.is_closing():
            return
        self.send(messages.error(notice, request_id=request_id))
        if is_refusal(notice):
            self.gateway.ledger.note(
                Refusal(
                    at=time.time(),
                    client_id=self.client_id,
                    request_id=request_id,
                    code=notice.code,
                    text=notice.text,
                )
            )

    def push(self, point: Point, data: bytes, *, symbol: str) -> None:
        """Tell what was not asked for, after what is told already."""
        self._outbox.put_nowait((point, data, symbol))

    def close(self) -> None:
        """End it after what was written."""
        self._writer.close()

    def abort(self) -> None:
        """End it at once, whatever the client has not read yet."""
        self._writer.transport.abort()

    def note(self, event: ConnectionEvent) -> None:
        """Keep what became of the socket."""
        entry = Connection(at=time.time(), client_id=self.client_id, event=event)
        self.gateway.ledger.note(entry)

    def forget(self, point: Point | None = None, request_id: int | None = None) -> bool:
        """Drop requests in flight, all or one; whether there was any."""
        chosen = [
            task
            for task, (kind, number) in self.tasks.items()
            if point in {None, kind} and request_id in {None, number}
        ]
        for task in chosen:
            task.cancel()
        return bool(chosen)

    async def _tell_unasked(self) -> None:
        while True:
            point, data, symbol = await self._outbox.get()
            about = Request(
                at=time.time(),
                client_id=self.client_id,
                point=point,
                request_id=messages.NO_REQUEST,
                symbol=symbol,
                fields=(),
            )
            stage = Stage(session=self, answer=lambda said=data: said)
            await self.gateway.faults.effect(point, about).play(stage)

    async def _greet(self) -> None:
        await self._play(Point.ACCEPT, bytes)
        first, last = await read_versions(self._reader)
        if not first <= SERVER_VERSION <= last:
            raise BrokenWire(f"versions {first} to {last}; expected {SERVER_VERSION} among them")
        await self._play(Point.HANDSHAKE, lambda: handshake(self.gateway.clock.now()))

    async def _play(self, point: Point, answer: Callable[[], bytes]) -> None:
        stage = Stage(session=self, answer=answer)
        await self.gateway.faults.effect(point, None).play(stage)

    async def _receive(self, fields: Fields) -> None:
        route = route_of(fields.message_id)
        request = self._request(route, fields)
        if route is START_API:
            self.client_id = request.client_id
        self.gateway.ledger.note(request)
        if self.deaf or self._is_too_fast():
            return
        self._start(route, request, fields)

    def _request(self, route: Route, fields: Fields) -> Request:
        symbol = ""
        if route.contract_at:
            asked = fields.contract(route.contract_at)
            known = self.gateway.market.listings.get(asked.con_id)
            symbol = known.symbol if known else asked.symbol
        return Request(
            at=time.time(),
            client_id=fields.whole(2) if route is START_API else self.client_id,
            point=route.point,
            request_id=fields.whole(route.request_id_at) if route.request_id_at else -1,
            symbol=symbol,
            fields=fields.values,
        )

    def _is_too_fast(self) -> bool:
        now = time.monotonic()
        self._arrivals.append(now)
        while now - self._arrivals[0] > 1.0:
            self._arrivals.popleft()
        limit = self.gateway.settings.messages_per_second
        if len(self._arrivals) <= limit:
            return False
        forgiven = self.gateway.settings.forgiven_seconds
        if not self._violations or now - self._violations[-1] > forgiven:
            self._violations.append(now)
        self.tell(notices.too_fast(len(self._arrivals), len(self._violations)))
        if len(self._violations) > VIOLATIONS_FORGIVEN:
            self.close()
        return True

    def _start(self, route: Route, request: Request, fields: Fields) -> None:
        gateway = self.gateway
        denied = gateway.denies_historical() if route.point is Point.HISTORICAL_DATA else None
        if denied:
            self.tell(denied, request_id=request.request_id)
            return
        stage = Stage(
            session=self,
            answer=lambda: route.answer(self, fields),
            empty=lambda: route.empty(fields),
            request_id=request.request_id,
            needs_link=route.needs_link,
        )
        gateway.ledger.began(route.point)
        task = asyncio.create_task(self._answer(request, stage))
        self.tasks[task] = (route.point, request.request_id)
        task.add_done_callback(lambda done: self._finished(done, route.point))

    async def _answer(self, request: Request, stage: Stage) -> None:
        try:
            effect = self.gateway.faults.effect(request.point, request)
            if self.gateway.faults.rows:
                self.gateway.keep()
            await effect.play(stage)
        except Exception:  # noqa: BLE001 - A mistake of the server must fail the test, not hang it.
            self.gateway.ledger.failures.append(f"{request}: {traceback.format_exc()}")
            self.close()

    def _finished(self, task: asyncio.Task[None], point: Point) -> None:
        del self.tasks[task]
        self.gateway.ledger.ended(point)
