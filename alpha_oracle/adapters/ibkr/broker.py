"""The `ibkr` broker: `BrokerAdapter` on a TWS or IB Gateway, by ib_insync's client.

The engine has one thread, the connection another with an event loop of its own: commands and
questions are handed over and waited for, what is told waits here until it is fetched.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from alpha_oracle.adapters.ibkr.loop_thread import LoopThread
from alpha_oracle.adapters.ibkr.order_answers import Reader
from alpha_oracle.adapters.ibkr.order_connection import OrderConnection
from alpha_oracle.adapters.ibkr.order_link import OrderPatience
from alpha_oracle.domain.broker import BrokerEvent, BrokerEventKind, BrokerSnapshot
from alpha_oracle.domain.orders import OrderType
from alpha_oracle.errors import BrokerAway, OrderRefused, OutcomeUnknown, SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.ports.clock import Clock

K: Final = BrokerEventKind
PAPER: Final = "paper"
T = TypeVar("T")


@dataclass(slots=True)
class _Heard:
    downs: int = 0
    up_after: int = 0
    asked_after: int = 0
    warned_of: int = 0

    def note(self, kind: BrokerEventKind) -> None:
        if kind is K.LINK_DOWN:
            self.downs += 1
        elif kind is K.LINK_UP:
            self.up_after = self.downs

    def ask(self, outages: int) -> None:
        if self.up_after == outages:
            self.asked_after = outages
        elif self.warned_of != outages:
            self.warned_of = outages
            raise BrokerAway("the link is up again, which is to be heard first; then ask again")


class IbkrBroker:
    """An account at Interactive Brokers. For one thread, but for `close`."""

    def __init__(
        self,
        settings: IbkrBrokerSettings,
        *,
        clock: Clock,
        patience: OrderPatience | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._news: deque[BrokerEvent] = deque()
        self._heard = _Heard()
        self._thread = LoopThread(f"orders at the gateway {settings.host}:{settings.port}")
        self._connection = self._thread.run(lambda: self._made(patience or OrderPatience()))
        self._reader = Reader(settings.account, settings.client_id, self._connection.tracker)

    async def _made(self, patience: OrderPatience) -> OrderConnection:
        # Made in its own loop, to which its locks belong.
        return OrderConnection(
            self._settings, clock=self._clock, patience=patience, tell=self._news.append
        )

    def open(self) -> None:
        """Connect; a gateway that is not there is waited for in the background, for good.

        Raises:
            ConfigurationError: the gateway does not manage the account of the settings.
        """
        self._run(self._connection.start, away=BrokerAway)

    def close(self) -> None:
        """Hang up, for good; orders at the broker stay as they are."""
        self._thread.close(self._connection.close)

    @property
    def account(self) -> str:
        """The account that is traded."""
        return self._settings.account

    @property
    def is_simulated(self) -> bool:
        """A market sees the orders; a paper account's one is IBKR's own simulation."""
        return False

    @property
    def is_paper(self) -> bool:
        """Whether the settings say so, which the port and the account's number have confirmed."""
        return self._settings.mode == PAPER

    @property
    def is_linked(self) -> bool:
        """Whether the gateway told everything on this connection, and reaches IBKR's servers.

        Not while an order that nobody answered stands in the way of others.
        """
        return self._connection.is_linked and not self._connection.is_blocked

    def submit_order(self, order: Order) -> None:
        """Send an order, once, under its id as reference.

        The first of a connection waits for its answer, up to ten seconds: alone, because a dialog
        at the gateway would swallow those behind it. Once it was waited for in vain nothing is sent
        until it is answered, or on a new connection. After LINK_DOWN nothing is sent before
        LINK_UP was handed out and a snapshot taken.

        Raises:
            OrderRefused: it was not sent.
            OutcomeUnknown: it may live at IBKR, or an order carries its reference already; ask.
        """
        if order.order_type is OrderType.TWAP:
            raise OrderRefused(f"order {order.order_id} is a TWAP; send its slices")
        if order.account != self.account:
            raise OrderRefused(
                f"order {order.order_id} is of the account {order.account}, not of this one"
            )
        if self._connection.tracker.is_known(order.order_id):
            raise OutcomeUnknown(
                f"an order with the reference {order.order_id} is there already; ask what it is"
            )
        outages = self._heard.asked_after
        self._run(lambda: self._connection.submit(order, outages=outages), away=OutcomeUnknown)

    def cancel_order(self, order: Order) -> None:
        """Ask once for an order's end; of one that has ended, nothing more is told.

        Raises:
            OutcomeUnknown: the gateway may not have heard it, or no such order is known; ask.
        """
        self._run(lambda: self._connection.cancel(order), away=OutcomeUnknown)

    def events(self) -> list[BrokerEvent]:
        """Return what was told since last asked, in order; never waits.

        After each connect the executions of the day that were not told yet are told. LINK_UP also
        says that only everything together can tell what became of something.
        """
        told: list[BrokerEvent] = []
        places: dict[str, int] = {}
        while self._news:
            event = self._news.popleft()
            self._heard.note(event.kind)
            execution = event.fill.execution_id if event.fill else ""
            if event.kind is K.COMMISSION and execution in places:
                at = places[execution]
                told[at] = replace(told[at], fill=event.fill)
                continue
            if event.kind is K.FILLED:
                places[execution] = len(told)
            told.append(event)
        return told

    def snapshot(self) -> BrokerSnapshot:
        """Ask for everything: positions, orders open and completed, executions, figures.

        Raises:
            BrokerAway: not all of it was told, or it contradicts itself: nothing is known. Once an
                outage also where its LINK_UP was not handed out: who takes this for everything
                would send what is refused.
        """
        answers = self._run(self._connection.everything, away=BrokerAway)
        snapshot = self._reader.snapshot(answers)
        self._heard.ask(self._connection.outages)
        return snapshot

    def _run(
        self, work: Callable[[], Coroutine[Any, Any, T]], *, away: Callable[[str], Exception]
    ) -> T:
        try:
            return self._thread.run(work)
        except SourceAway as error:
            raise away(str(error)) from None
