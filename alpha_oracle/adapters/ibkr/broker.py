"""The `ibkr` broker: `BrokerAdapter` on a TWS or IB Gateway, by ib_insync's client.

The engine has one thread, the connection another with an event loop of its own: commands and
questions are handed over and waited for, what is told waits here until it is fetched.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
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
    from types import TracebackType
    from typing import Self

    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.ports.clock import Clock

K: Final = BrokerEventKind
T = TypeVar("T")


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
        self._thread = LoopThread(f"orders at the gateway {settings.host}:{settings.port}")
        self._connection = self._thread.run(lambda: self._made(patience or OrderPatience()))
        self._reader = Reader(settings.account, settings.client_id, self._connection.tracker)

    async def _made(self, patience: OrderPatience) -> OrderConnection:
        # Made in its own loop, to which its locks belong.
        return OrderConnection(
            self._settings, clock=self._clock, patience=patience, tell=self._news.append
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

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
    def is_linked(self) -> bool:
        """Whether the gateway told everything on this connection, and reaches IBKR's servers."""
        return self._connection.is_linked

    def submit_order(self, order: Order) -> None:
        """Send an order, once, under its id as reference.

        The first of a connection waits for its answer, up to ten seconds: alone, because a dialog
        at the gateway would swallow those behind it.

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
        self._run(lambda: self._connection.submit(order), away=OutcomeUnknown)

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
            BrokerAway: not all of it was told, or it contradicts itself: nothing is known.
        """
        answers = self._run(self._connection.everything, away=BrokerAway)
        return self._reader.snapshot(answers)

    def _run(
        self, work: Callable[[], Coroutine[Any, Any, T]], *, away: Callable[[str], Exception]
    ) -> T:
        try:
            return self._thread.run(work)
        except SourceAway as error:
            raise away(str(error)) from None
