"""The one connection of a process to the gateway, on a thread and an event loop of its own.

Opened at first use, kept while there is work, closed after some idle time so that the client id
is free for others. While it is open a lease is held: two runs of ours never fight over the id.
The daily restart of the gateway and its lost line to IBKR are waited out, with the same id.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from alpha_oracle.adapters.ibkr.dialing import Patience, dial, named_client
from alpha_oracle.adapters.ibkr.loop_thread import LoopThread
from alpha_oracle.adapters.ibkr.trouble import CutOffError, LinkLostError, UnansweredError
from alpha_oracle.errors import LeaseTaken, SourceAway, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from alpha_oracle.adapters.ibkr.link import Link
    from alpha_oracle.adapters.ibkr.pacing import Pace
    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.ports.requests import Leases

log = structlog.get_logger(__name__)

T = TypeVar("T")


class GatewayConnection:
    """Lends the connection to any thread: `run` a coroutine beside it, which may `ask`."""

    def __init__(
        self,
        broker: IbkrBrokerSettings,
        *,
        client_id: int,
        leases: Leases,
        patience: Patience | None = None,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._leases = leases
        self._patience = patience or Patience()
        self._thread = LoopThread(f"the connection to the gateway at {self.place}")
        self._lease = ExitStack()
        self._link: Link | None = None
        # Connecting and hanging up take turns.
        self._switch = asyncio.Lock()
        self._connecting: asyncio.Task[Link] | None = None
        self._resting: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._at_work = 0
        self._failure: tuple[float, str] | None = None

    @property
    def place(self) -> str:
        """Host and port of the gateway."""
        return f"{self._broker.host}:{self._broker.port}"

    def close(self) -> None:
        """Hang up and end the thread, for good; work under way ends with `SourceAway`."""
        self._thread.close(self._hang_up)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine beside the connection and return its result; for any other thread."""
        return self._thread.run(lambda: self._counted(work))

    async def ask(
        self, request: Callable[[Link], Coroutine[Any, Any, T]], *, pace: Pace, share: float = 1.0
    ) -> T:
        """Send a request and return its answer; again where the connection was lost meanwhile.

        It takes its turn in `pace`, or a `share` of one. A request without an answer is sent once
        more, over a connection that proved alive.

        Raises:
            SourceAway: the gateway, or its line to IBKR, stayed away.
            LeaseTaken: another run of ours keeps the client id.
            StoreUnavailable: the lease cannot be asked for.
            ConfigurationError: the gateway is not the one of the settings.
            UnansweredError: it was sent twice and not answered.
        """
        unanswered = 0
        for _ in range(self._patience.sendings):
            link = await self._live_link()
            try:
                await _take_turn(link, pace, share=share)
                return await request(link)
            except LinkLostError:
                continue
            except CutOffError:
                raise SourceAway(self._cut_off) from None
            except TimeoutError:
                unanswered += 1
            if not await link.is_alive(timeout_seconds=self._patience.heartbeat_seconds):
                log.warning("gateway_half_dead", gateway=self.place)
                await link.close()
            elif unanswered > 1:
                raise UnansweredError
        raise SourceAway(
            f"the connection to the gateway at {self.place} broke {self._patience.sendings} times "
            "over one request; look at the gateway's log, restart it"
        )

    async def probe(self) -> str:
        """Return that the gateway answers, in words.

        Raises:
            SourceAway: it does not.
            LeaseTaken: another run of ours has the client id.
            ConfigurationError: it is not the one of the settings.
        """
        link = await self._live_link()
        if not await link.is_alive(timeout_seconds=self._patience.heartbeat_seconds):
            raise SourceAway(
                f"the gateway at {self.place} took the connection and answers no request: it is "
                "half dead or has lost IBKR's servers; look at its window, restart it"
            )
        client = named_client(self._broker, self._client_id)
        return f"the gateway at {self.place} answers {client}"

    @property
    def _cut_off(self) -> str:
        return (
            f"the gateway at {self.place} has had no line to IBKR's servers for "
            f"{self._patience.outage_seconds:g} s (1100); try again later, or look whether it is "
            "logged in elsewhere"
        )

    async def _counted(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        self._at_work += 1
        try:
            return await work()
        finally:
            self._at_work -= 1
            self._wait_for_work()

    def _wait_for_work(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._patience.idle_seconds, self._rest)

    def _rest(self) -> None:
        if not self._at_work:
            self._resting = asyncio.ensure_future(self._hang_up())

    async def _hang_up(self) -> None:
        async with self._switch:
            # Work that came while we waited for our turn keeps the connection.
            if self._at_work:
                return
            if self._link is not None:
                await self._link.close()
                self._link = None
                log.info("gateway_disconnected", gateway=self.place)
            self._return_lease()

    async def _live_link(self) -> Link:
        if self._link is not None and self._link.is_open:
            return self._link
        if self._connecting is None:
            self._refuse_for_now()
            self._connecting = asyncio.ensure_future(self._connect())
        # Who asked first may give up; others may wait for the same connection.
        return await asyncio.shield(self._connecting)

    def _refuse_for_now(self) -> None:
        # Who asks right after a failure would wait as long, for nothing.
        if self._failure is None:
            return
        failed_at, why = self._failure
        if asyncio.get_running_loop().time() - failed_at < self._patience.rest_seconds:
            raise SourceAway(why)

    async def _connect(self) -> Link:
        try:
            async with self._switch:
                self._link = await self._dialed(self._link)
                self._failure = None
                return self._link
        except BaseException as error:
            if isinstance(error, SourceAway | LeaseTaken):
                self._failure = asyncio.get_running_loop().time(), str(error)
            self._link = None
            self._return_lease()
            raise
        finally:
            self._connecting = None
            self._wait_for_work()

    async def _dialed(self, lost: Link | None) -> Link:
        if lost is None:
            await self._take_lease()
        else:
            log.warning("gateway_connection_lost", gateway=self.place)
            await lost.close()
        link = await dial(
            self._broker,
            self._client_id,
            patience=self._patience,
            is_redial=lost is not None,
        )
        log.info("gateway_connected", gateway=self.place, client_id=self._client_id)
        return link

    async def _take_lease(self) -> None:
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + self._patience.lease_seconds
        is_told = False
        while True:
            left_seconds = max(gives_up_at - loop.time(), 0.0)
            # Nothing else runs here before there is a connection, so this thread may wait: in
            # slices, so that it can be stopped.
            lease = self._leases.held(
                f"ibkr {self.place} client {self._client_id}",
                wait_seconds=min(left_seconds, self._patience.lease_slice_seconds),
            )
            try:
                self._lease.enter_context(lease)
            except LeaseTaken as error:
                if not left_seconds:
                    raise LeaseTaken(self._leased(str(error))) from None
                if not is_told:
                    log.info("gateway_awaited", gateway=self.place, reason=str(error))
                is_told = True
            else:
                return
            await asyncio.sleep(0.0)

    def _leased(self, reason: str) -> str:
        return (
            f"another run of this installation uses {named_client(self._broker, self._client_id)} "
            f"at {self.place}, and did for {self._patience.lease_seconds:g} s; wait for its end, "
            f"or end it ({reason})"
        )

    def _return_lease(self) -> None:
        try:
            self._lease.close()
        except StoreUnavailable as error:
            log.warning("gateway_lease_lost", gateway=self.place, reason=str(error))


async def _take_turn(link: Link, pace: Pace, *, share: float) -> None:
    # Nothing is sent while the gateway is cut off, not even what waited for its turn then.
    while True:
        await link.until_up()
        await pace.turn(share=share)
        if link.is_up:
            return
