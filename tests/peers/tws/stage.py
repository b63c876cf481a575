"""The moment a point is reached: what would be said, to whom, and the ways of saying it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.peers.tws.messages import NO_REQUEST
from tests.peers.tws.notices import Notice, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.tws.session import Session


@dataclass(slots=True, kw_only=True)
class Stage:
    """What an effect plays on."""

    session: Session
    answer: Callable[[], bytes]
    empty: Callable[[], bytes] = bytes
    request_id: int = NO_REQUEST
    needs_link: bool = False

    async def reply(self) -> None:
        """The answer, or the error that stands for it."""
        await self._ready()
        try:
            self.session.send(self.answer())
        except Refused as refused:
            self.session.tell(refused.notice, request_id=self.request_id)

    async def do(self) -> None:
        """Whatever is asked, without a word."""
        await self._ready()
        with suppress(Refused):
            self.answer()

    async def reply_twice(self) -> None:
        """The same answer two times."""
        await self._ready()
        self.session.send(self.answer() * 2)

    async def reply_empty(self) -> None:
        """The answer's shape with nothing in it."""
        await self._ready()
        self.session.send(self.empty())

    async def reply_cut(self, keep_fraction: float) -> None:
        """A part of the answer, then nothing ever again."""
        await self._ready()
        whole = self.answer()
        self.session.send(whole[: int(len(whole) * keep_fraction)])
        self.session.close()

    async def refuse(self, notice: Notice) -> None:
        """An error in place of the answer."""
        await self._ready()
        self.session.tell(notice, request_id=self.request_id)

    async def _ready(self) -> None:
        gateway = self.session.gateway
        if self.needs_link:
            if gateway.settings.latency_seconds:
                await asyncio.sleep(gateway.settings.latency_seconds)
            await gateway.link_up.wait()
