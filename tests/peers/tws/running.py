"""A gateway in a thread of its own, and what a test may do to it.

    market = market_of_closes({"AAPL": [100, 101]}, sessions)  # `market`: raw prices
    with running_gateway(market, now=session_close(sessions[-1])) as gateway:
        ...connect to gateway.host, gateway.port...
        gateway.fault(Point.HISTORICAL_DATA, Refuse(notices.PACING), symbol="AAPL", times=2)
        gateway.act(market.con_id("AAPL"), Action(ex_date, "split", 4))  # adjusted from then on
        gateway.set_now(later)
        assert gateway.ledger.asked(Point.HISTORICAL_DATA)[0].symbol == "AAPL"

Effects are in `faults`, texts in `notices`. A bar whose session has not opened by the server's
clock is not told; one whose session is open is told unfinished.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.peers.tws import quoting, trading
from tests.peers.tws.clock import ServerClock
from tests.peers.tws.exchange import Exchange, Offer
from tests.peers.tws.faults import Fault
from tests.peers.tws.gateway import HOST, Gateway, GatewaySettings
from tests.peers.tws.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.peers.tws.faults import Effect, Point
    from tests.peers.tws.market import Action, Listing, Market, RawBar
    from tests.peers.tws.notices import Notice

PATIENCE_SECONDS = 120


class RunningGateway:
    """The handle: every call is carried out in the gateway's own thread before it returns."""

    host = HOST

    def __init__(self, gateway: Gateway, loop: asyncio.AbstractEventLoop) -> None:
        self._gateway = gateway
        self._loop = loop

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._gateway.port

    @property
    def ledger(self) -> Ledger:
        """What happened so far, a copy."""
        return self._do(lambda: deepcopy(self._gateway.ledger))

    @property
    def connected_ids(self) -> tuple[int, ...]:
        """The client ids held now."""
        return self._do(self._gateway.connected_ids)

    @property
    def is_listening(self) -> bool:
        """Whether connections are accepted."""
        return self._do(lambda: self._gateway.is_listening)

    def set_now(self, at: datetime) -> None:
        """Put the server's clock; it stands there, and sessions that are over by then end."""
        self._do(lambda: self._set_now(at))

    def fault(self, at: Point, does: Effect, **row: Any) -> None:
        """Add a row to the fault table: `symbol`, `client_id`, `skip`, `times` (None: always)."""
        self.add_fault(Fault(at=at, does=does, **row))

    def add_fault(self, row: Fault) -> None:
        """Add a row, from which can be read what is left of it."""
        self._do(lambda: self._gateway.faults.rows.append(row))

    def let_go(self) -> None:
        """Give the answers that are `Held`, and hold none from now on."""
        self._do(self._gateway.let_go.set)

    def clear_faults(self) -> None:
        """Empty the fault table."""
        self._do(self._gateway.faults.rows.clear)

    def quote(self, symbol: str, *, bid: Any, ask: Any, volume: int = 1_000_000) -> None:
        """Let the market offer this, and execute what it meets."""
        offer = Offer(bid=Decimal(str(bid)), ask=Decimal(str(ask)), volume=volume)
        self._do(lambda: self._quote(symbol, offer))

    def tick(self, symbol: str, **said: Any) -> None:
        """Tell who is quoted a contract just this: `bid`, `ask`, `last`, `volume`."""
        self._do(lambda: self._tick(symbol, said))

    @property
    def exchange(self) -> Exchange:
        """What really happened to the orders, a copy."""
        return self._do(lambda: deepcopy(self._gateway.exchange))

    def set_values(self, **values: str) -> None:
        """Let the account say this of itself, whatever follows from its book."""
        self._do(lambda: self._gateway.exchange.values.update(values))

    def hold(self, symbol: str, shares: int) -> None:
        """Put shares into the account."""
        con_id = self._gateway.market.con_id(symbol)
        self._do(lambda: self._gateway.exchange.positions.update({con_id: shares}))

    def place_foreign(
        self, symbol: str, *, client_id: int, order_ref: str = "", **said: Any
    ) -> int:
        """Place an order for another client, or by hand (0); return its lasting number."""
        return self._do(lambda: self._place_foreign(symbol, client_id, order_ref, said))

    def set_status(self, order_ref: str, status: str) -> None:
        """Let an order stand at a status, and tell who placed it."""
        self._do(lambda: self._set_status(order_ref, status))

    def tell_order(self, order_ref: str, notice: Notice) -> None:
        """Tell who placed an order an error about it; the order stays as it is."""
        self._do(
            lambda: trading.tell_error(
                self._gateway, self._gateway.exchange.by_ref(order_ref), notice
            )
        )

    def correct(self, exec_id: str, *, shares: int, price: Any) -> None:
        """Correct an execution, and tell who placed its order."""
        self._do(lambda: self._correct(exec_id, shares, Decimal(str(price))))

    def list_contract(self, listing: Listing, *bars: RawBar) -> None:
        """Add a contract with its bars as traded."""
        self._do(lambda: self._gateway.market.add(listing, bars))

    def rename(self, con_id: int, symbol: str) -> None:
        """Give a company another ticker."""
        self._do(lambda: self._gateway.market.rename(con_id, symbol))

    def relist(self, con_id: int, **changes: Any) -> None:
        """Let a contract be described otherwise."""
        self._do(lambda: self._gateway.market.relist(con_id, **changes))

    def con_id(self, symbol: str) -> int:
        """The number of the one contract with a symbol."""
        return self._do(lambda: self._gateway.market.con_id(symbol))

    def delist(self, con_id: int) -> None:
        """Take a contract off; its ticker is free."""
        self._do(lambda: self._gateway.market.delist(con_id))

    def act(self, con_id: int, action: Action) -> None:
        """Announce a split or dividend."""
        self._do(lambda: self._gateway.market.act(con_id, action))

    def tell(self, notice: Notice) -> None:
        """Send a notice to every client."""
        self._do(lambda: self._gateway.tell_all(notice))

    def lose_link(self) -> None:
        """1100."""
        self._do(self._gateway.lose_link)

    def restore_link(self, *, data_lost: bool) -> None:
        """1101 or 1102."""
        self._do(lambda: self._gateway.restore_link(data_lost=data_lost))

    def restart(self, *, seconds: float) -> None:
        """The daily restart."""
        self._do(lambda: self._gateway.restart(seconds=seconds))

    def shut(self) -> None:
        """Refuse connections; open ones stay."""
        self._do(self._gateway.shut)

    def hang_up(self) -> None:
        """Close every socket."""
        self._do(self._gateway.hang_up)

    def reopen(self) -> None:
        """Accept connections again, on the same port."""
        asyncio.run_coroutine_threadsafe(self._gateway.open(), self._loop).result(PATIENCE_SECONDS)

    def close(self) -> None:
        """End it."""
        closed = asyncio.run_coroutine_threadsafe(self._gateway.close(), self._loop)
        closed.result(PATIENCE_SECONDS)

    def _set_now(self, at: datetime) -> None:
        self._gateway.clock.at = at
        for ticket in self._gateway.exchange.expire(at):
            trading.tell_status(self._gateway, ticket)
        self._gateway.keep()

    def _quote(self, symbol: str, offer: Offer) -> None:
        gateway, now = self._gateway, self._gateway.clock.now()
        con_id = gateway.market.con_id(symbol)
        self._tick(symbol, {"bid": offer.bid, "ask": offer.ask, "volume": offer.volume})
        deals = gateway.exchange.offer(con_id, offer, at=now)
        gateway.keep()
        trading.tell_deals(gateway, deals)

    def _tick(self, symbol: str, said: dict[str, Any]) -> None:
        gateway = self._gateway
        quoting.tell_tick(gateway, gateway.market.con_id(symbol), said, gateway.clock.now())

    def _place_foreign(
        self, symbol: str, client_id: int, order_ref: str, said: dict[str, Any]
    ) -> int:
        gateway = self._gateway
        con_id = gateway.market.con_id(symbol)
        gateway.order_ids[client_id] += 1
        ordinary = {
            "action": "BUY",
            "quantity": 10,
            "order_type": "LMT",
            "limit": Decimal(1),
            "tif": "DAY",
        }
        ticket = trading.a_ticket(
            gateway,
            client_id,
            gateway.order_ids[client_id] if client_id else 0,
            con_id=con_id,
            symbol=gateway.market.listings[con_id].symbol,
            order_ref=order_ref,
            **ordinary | said,
        )
        gateway.exchange.place(ticket)
        trading.tell_deals(gateway, gateway.exchange.match(con_id, at=gateway.clock.now()))
        return ticket.perm_id

    def _set_status(self, order_ref: str, status: str) -> None:
        gateway = self._gateway
        ticket = gateway.exchange.by_ref(order_ref)
        gateway.exchange.end(ticket, at=gateway.clock.now(), why="", status=status)
        trading.tell_status(gateway, ticket)

    def _correct(self, exec_id: str, shares: int, price: Decimal) -> None:
        deal = self._gateway.exchange.correct(exec_id, shares=shares, price=price)
        trading.tell_deals(self._gateway, [deal])

    def _do(self, deed: Callable[[], Any]) -> Any:
        if self._loop.is_closed():  # What happened can still be read.
            return deed()

        async def carried_out() -> Any:
            answer = deed()
            self._gateway.keep()
            return answer

        done = asyncio.run_coroutine_threadsafe(carried_out(), self._loop)
        return done.result(PATIENCE_SECONDS)


@contextmanager
def running_gateway(
    market: Market,
    *,
    now: datetime | None = None,
    port: int = 0,
    log: Path | None = None,
    state: Path | None = None,
    **settings: Any,
) -> Iterator[RunningGateway]:
    """A gateway on 127.0.0.1 until the block ends; `settings` are those of `GatewaySettings`.

    The ledger is also written to `log`; what `state` holds from an earlier gateway is taken up.

    Raises:
        AssertionError: a mistake of the server itself; a test must not pass on it.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="tws")
    thread.start()

    async def opened() -> Gateway:
        gateway = Gateway(
            market,
            settings=GatewaySettings(**settings),
            clock=ServerClock(now),
            ledger=Ledger(log),
        )
        gateway.state_file = state
        gateway.resume()
        await gateway.open(port)
        return gateway

    gateway = asyncio.run_coroutine_threadsafe(opened(), loop).result(PATIENCE_SECONDS)
    handle = RunningGateway(gateway, loop)
    try:
        yield handle
    finally:
        handle.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert not gateway.ledger.failures, gateway.ledger.failures
