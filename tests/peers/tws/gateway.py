"""The gateway: accounts, contracts, who holds which client id, and whether IBKR is reachable."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING

from tests.peers.tws import notices
from tests.peers.tws.exchange import Exchange
from tests.peers.tws.faults import FaultTable, Point
from tests.peers.tws.files import write_whole
from tests.peers.tws.ledger import ConnectionEvent
from tests.peers.tws.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.tws.clock import ServerClock
    from tests.peers.tws.ledger import Ledger
    from tests.peers.tws.market import Market

HOST = "127.0.0.1"
SETTLING_TURNS = 5
KEPT = ("clock.at", "market.listings", "market.actions", "order_ids", "faults", "exchange", "ticks")
"""What a restarted process goes on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """What differs between gateways."""

    accounts: tuple[str, ...] = ("DU1234567",)
    volume_in_lots: bool = True
    """Lots of 100 with two decimals, as TWS before 10; else shares."""
    price_decimals: int = 4
    latency_seconds: float = 0.0
    most_historical: int = 50
    """Open historical requests of all clients together."""
    messages_per_second: int = 50
    forgiven_seconds: float = 1.0
    """Refusals for speed within so long count as one; the third ends the connection."""
    cash: float = 100_000.0
    most_summaries: int = 2
    most_lines: int = 100
    is_subscribed: bool = True
    """Whether market data is live; else delayed, for who takes that."""
    historical_pace: tuple[int, float] | None = None
    """Requests allowed within so many seconds; more are a pacing violation. None: no such rule."""


class Gateway:
    """One login, living in the event loop it is opened in."""

    def __init__(
        self, market: Market, *, settings: GatewaySettings, clock: ServerClock, ledger: Ledger
    ) -> None:
        self.market = market
        self.settings = settings
        self.clock = clock
        self.ledger = ledger
        self.faults = FaultTable()
        self.exchange = Exchange(settings.accounts[0], Decimal(str(settings.cash)))
        self.ticks: dict[int, dict[str, object]] = {}
        self.state_file: Path | None = None
        self.link_up = asyncio.Event()
        self.link_up.set()
        self.let_go = asyncio.Event()
        self.port = 0
        self.sessions: dict[Session, asyncio.Task[None]] = {}
        self._clients: dict[int, Session] = {}
        self.order_ids: Counter[int] = Counter()
        self._historical: list[float] = []
        self._server: asyncio.Server | None = None
        self._later: list[asyncio.TimerHandle] = []
        self._is_over = False

    async def open(self, port: int = 0) -> None:
        """Listen, unless it does; 0 takes any free port, and keeps it over restarts."""
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._serve, HOST, port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        if self._is_over:
            self.shut()

    def shut(self) -> None:
        """Refuse connections from now on; open ones stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def hang_up(self) -> None:
        """Close every socket."""
        for session in tuple(self.sessions):
            session.close()

    async def close(self) -> None:
        """Refuse connections, close every socket and wait until all are done."""
        self._is_over = True
        for timer in self._later:
            timer.cancel()
        self.shut()
        for _ in range(SETTLING_TURNS):
            # Who was just let in becomes a session first.
            await asyncio.sleep(0)
        for session in tuple(self.sessions):
            session.abort()
        await asyncio.gather(*self.sessions.values())

    def restart(self, *, seconds: float) -> None:
        """The daily restart: closed for a while, then back on the same port."""
        self.shut()
        self.hang_up()
        loop = asyncio.get_running_loop()
        self._later.append(loop.call_later(seconds, lambda: loop.create_task(self.open())))

    def lose_link(self, *, for_seconds: float | None = None, data_lost: bool = False) -> None:
        """1100: the gateway lives and has no server; requests wait."""
        self.link_up.clear()
        self.tell_all(notices.LINK_LOST)
        if for_seconds is not None:
            loop = asyncio.get_running_loop()
            back = loop.call_later(for_seconds, lambda: self.restore_link(data_lost=data_lost))
            self._later.append(back)

    def restore_link(self, *, data_lost: bool) -> None:
        """1101, which forgets what is in flight, or 1102, which answers it."""
        if data_lost:
            for session in self.sessions:
                session.forget()
                session.lines.clear()
        self.link_up.set()
        self.tell_all(notices.LINK_BACK_DATA_LOST if data_lost else notices.LINK_BACK)

    def claim(self, session: Session, client_id: int) -> bool:
        """Give a client id to a session; False while another holds it."""
        is_given = self._clients.setdefault(client_id, session) is session
        if is_given:
            session.note(ConnectionEvent.NAMED)
        return is_given

    def session_of(self, client_id: int) -> Session | None:
        """Who has a client id now."""
        return self._clients.get(client_id)

    def lines(self) -> int:
        """How many contracts are quoted, to all clients together."""
        return sum(len(session.lines) for session in self.sessions)

    def release(self, session: Session) -> None:
        """Free the client id of a session that ended."""
        self.sessions.pop(session, None)
        if self._clients.get(session.client_id) is session:
            del self._clients[session.client_id]

    def denies_historical(self) -> notices.Notice | None:
        """Why one more historical request is too many; None where it is not."""
        if self.ledger.in_flight[Point.HISTORICAL_DATA] >= self.settings.most_historical:
            return notices.TOO_MANY_HISTORICAL
        now = time.monotonic()
        most, seconds = self.settings.historical_pace or (0, 0.0)
        self._historical = [at for at in self._historical if now - at < seconds]
        if most and len(self._historical) >= most:
            return notices.PACING
        self._historical.append(now)
        return None

    @property
    def is_listening(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    def connected_ids(self) -> tuple[int, ...]:
        """The client ids held now, ascending."""
        return tuple(sorted(self._clients))

    def keep(self) -> None:
        """Write what must outlive the process; bars come from their file again."""
        if self.state_file is not None:
            kept = {name: attrgetter(name)(self) for name in KEPT}
            write_whole(self.state_file, pickle.dumps(kept))

    def resume(self) -> None:
        """Go on from the state an earlier process left, if one did."""
        if self.state_file is not None and self.state_file.exists():
            for name, value in pickle.loads(self.state_file.read_bytes()).items():
                path, _, last = name.rpartition(".")
                setattr(attrgetter(path)(self) if path else self, last, value)

    def next_order_id(self, client_id: int) -> int:
        """The first order id this client has not used."""
        return self.order_ids[client_id] + 1

    def tell_all(self, notice: notices.Notice) -> None:
        """Send a notice to every client."""
        for session in self._clients.values():
            session.tell(notice)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self.sessions[session] = task
        await session.serve()
