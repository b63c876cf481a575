"""The connection for orders, kept up for good: the same client id, again and again.

All of it runs in the event loop of one thread. It counts as linked once the gateway has told
everything, and no longer when the socket ends, falls silent, or IBKR's servers are lost (1100).
While the first order of a connection is not answered nothing is sent behind it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.ibkr import codes
from alpha_oracle.adapters.ibkr.dialing import hindered
from alpha_oracle.adapters.ibkr.keeping import keep, watch
from alpha_oracle.adapters.ibkr.link import Address
from alpha_oracle.adapters.ibkr.order_link import OrderLink
from alpha_oracle.adapters.ibkr.order_tracking import OrderTracker
from alpha_oracle.adapters.ibkr.trouble import LinkRefusedError
from alpha_oracle.domain.broker import BrokerEvent, BrokerEventKind
from alpha_oracle.errors import (
    BrokerAway,
    ConfigurationError,
    OrderNotSent,
    OrderRefused,
    OutcomeUnknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.ibkr.contracts import Company
    from alpha_oracle.adapters.ibkr.order_answers import Answers
    from alpha_oracle.adapters.ibkr.order_link import OrderPatience
    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.ports.clock import Clock

log = structlog.get_logger(__name__)

_BACK: Final = frozenset({codes.BACK_WITHOUT_REQUESTS, codes.BACK_WITH_REQUESTS})


class OrderConnection:
    """Sends and asks for whoever runs coroutines in its loop; what is told goes to `tell`."""

    def __init__(
        self,
        broker: IbkrBrokerSettings,
        *,
        clock: Clock,
        patience: OrderPatience,
        tell: Callable[[BrokerEvent], None],
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._patience = patience
        self._tell = tell
        self.tracker = OrderTracker(
            account=broker.account,
            client_id=broker.client_id,
            clock=clock,
            tell=tell,
            must_ask=self._must_ask,
        )
        self.tracker.answered = self._answered
        self._link: OrderLink | None = None
        self._serving: asyncio.Task[None] | None = None
        self._awaited: dict[str, asyncio.Event] = {}
        self.is_linked = False
        self.outages = 0
        """How often it was told that the link is down."""
        self._is_link_told = True
        self.why_away = "the gateway has not been reached yet"
        self._failure: ConfigurationError | None = None
        self._is_synchronised = False
        self._settled = asyncio.Event()

    async def start(self) -> None:
        """Begin to connect, and wait for a while until it is done or proves impossible.

        Raises:
            ConfigurationError: the gateway is not that of the account.
        """
        if self._serving is None:
            self._serving = asyncio.ensure_future(
                keep(self._tried, self._watched, waits_seconds=self._patience.waits_seconds)
            )
        try:
            await asyncio.wait_for(self._settled.wait(), self._patience.start_seconds)
        except TimeoutError:
            self._note_away(self.why_away)
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Hang up."""
        self.is_linked = False
        if self._link is not None:
            await self._link.close()

    @property
    def is_blocked(self) -> bool:
        """Whether an order that nobody answered stands in the way of others."""
        return self._link is not None and bool(self._link.unanswered)

    async def submit(self, order: Order, *, outages: int) -> None:
        """Send an order, once; the first of a connection waits for its answer.

        `outages` are those after which everything was asked.

        Raises:
            OrderRefused: it was not sent.
            OutcomeUnknown: it was, and is not answered.
        """
        link = self._free(outages)
        company = await link.company(order.symbol)
        await self._require_held(link, order, company)
        await link.turn()
        if self._free(outages) is not link:
            raise OrderNotSent(f"order {order.order_id} was not sent: the link was lost meanwhile")
        self._write(lambda: self._place(link, order, company), order)
        if not link.is_proven:
            await self._answer(link, order)

    async def cancel(self, order: Order) -> None:
        """Ask once for an order's end.

        Raises:
            OutcomeUnknown: the gateway may not have heard it.
        """
        tracked = self.tracker.order(order.order_id)
        if tracked is None:
            raise OutcomeUnknown(f"no order {order.order_id} is known at IBKR; ask for everything")
        if tracked.is_over:
            return
        try:
            link = self._linked()
            await link.turn()
            self._linked()
            tracked.is_cancel_asked = True
            link.cancel(tracked.number)
        except (OrderRefused, ConnectionError) as error:
            raise OutcomeUnknown(
                f"the end of {order.order_id} was not asked for: {error}"
            ) from None

    async def everything(self) -> Answers:
        """Ask for everything.

        Raises:
            BrokerAway: it was not told completely.
        """
        link = self._link
        if link is None or not self.is_linked:
            raise BrokerAway(self.why_away)
        try:
            answers = await link.everything()
        except BrokerAway:
            if not await link.is_alive():
                log.warning("gateway_half_dead", gateway=self._address.place)
                await link.close()
            raise
        if link.unanswered:
            # It is not there, and a dialog may still hold it: on another connection it is gone.
            await link.close()
            raise BrokerAway(f"{_unanswered(link)}; the gateway is dialled anew")
        return answers

    def _linked(self) -> OrderLink:
        link = self._link
        if link is None or not self.is_linked or not link.is_up:
            raise OrderNotSent(f"nothing was sent: {self.why_away or 'the link is down'}")
        return link

    def _free(self, outages: int) -> OrderLink:
        link = self._linked()
        if link.unanswered:
            raise OrderNotSent(f"nothing was sent: {_unanswered(link)}")
        if outages != self.outages:
            raise OrderNotSent(
                "nothing was sent: the link was down, and not everything was asked since"
            )
        return link

    async def _require_held(self, link: OrderLink, order: Order, company: Company) -> None:
        try:
            link.require_held(order, company)
        except OrderRefused as refusal:
            # The shares may have come since everything was told.
            try:
                await link.everything()
            except BrokerAway:
                raise refusal from None
            link.require_held(order, company)

    def _write(self, write: Callable[[], None], order: Order) -> None:
        self._awaited[order.order_id] = asyncio.Event()
        try:
            write()
        except ConnectionError as error:
            self.tracker.was_not_sent(order.order_id)
            raise OrderNotSent(f"order {order.order_id} was not sent: {error}") from None

    def _place(self, link: OrderLink, order: Order, company: Company) -> None:
        number = link.next_number()
        self.tracker.will_send(order, number)
        link.place(order, number, company)

    async def _answer(self, link: OrderLink, order: Order) -> None:
        # A dialog at the gateway swallows what comes after the order it asks about.
        try:
            await asyncio.wait_for(
                self._awaited[order.order_id].wait(), self._patience.answer_seconds
            )
        except TimeoutError:
            link.unanswered = order.order_id
            log.warning("orders_not_linked", reason=_unanswered(link))
            self._tell_down()
            raise OutcomeUnknown(
                f"{_unanswered(link)} in {self._patience.answer_seconds:g} s; look whether the "
                "gateway shows a dialog"
            ) from None
        tracked = self.tracker.order(order.order_id)
        if tracked is None or not tracked.is_answered:
            raise OutcomeUnknown(f"the link was lost before order {order.order_id} was answered")
        link.is_proven = True

    def _answered(self, reference: str) -> None:
        awaited = self._awaited.pop(reference, None)
        if awaited is not None:
            awaited.set()
        link = self._link
        if link is not None and link.unanswered == reference:
            link.unanswered, link.is_proven = "", True
            self._tell_up()

    async def _tried(self) -> OrderLink | None:
        link = OrderLink(
            self._broker,
            self.tracker,
            clock=self._clock,
            patience=self._patience,
            must_ask=self._must_ask,
            on_code=self._on_code,
        )
        try:
            await link.open()
            self._link = link
            await link.everything()
        except LinkRefusedError as refusal:
            self._note_away(hindered(refusal, self._broker, self._address))
        except BrokerAway as error:
            self._note_away(str(error))
        except ConfigurationError as error:
            self._note_away(str(error))
            self._failure = error
        else:
            self._is_synchronised = True
            self._note_linked()
            return link
        finally:
            if not self._is_synchronised:
                await link.close()
            self._settled.set()
        return None

    async def _watched(self, link: OrderLink) -> None:
        try:
            await watch(
                link,
                every_seconds=self._patience.heartbeat_every_seconds,
                look=self.tracker.look_after,
                place=self._address.place,
            )
        finally:
            self._is_synchronised = False
            await link.close()
            link.interrupt("the connection to the gateway broke while it told all")
            self._note_away(f"the connection to the gateway at {self._address.place} was lost")
            for awaited in self._awaited.values():
                awaited.set()
            self._awaited.clear()

    def _on_code(self, code: int) -> None:
        if code == codes.LOST:
            self._note_away("the gateway has no line to IBKR's servers (1100)")
            if self._link is not None:
                self._link.interrupt("IBKR's servers were lost while all was told (1100)")
        elif code == codes.TOO_FAST:
            if self._link is not None:
                self._link.slow_down()
            self._must_ask("the gateway dropped a message: too many came in a second (100)")
        elif code in _BACK and self._is_synchronised:
            self._note_linked()

    def _note_linked(self) -> None:
        if not self.is_linked:
            log.info("orders_linked", gateway=self._address.place, client_id=self._broker.client_id)
        self.is_linked, self.why_away = True, ""
        self._tell_up()

    def _note_away(self, why: str) -> None:
        if self.why_away != why:
            log.warning("orders_not_linked", reason=why)
        self.is_linked, self.why_away = False, why
        self._tell_down()

    def _tell_up(self) -> None:
        if self.is_linked and not self.is_blocked and not self._is_link_told:
            self._is_link_told = True
            self._say(BrokerEventKind.LINK_UP)

    def _tell_down(self) -> None:
        if self._is_link_told:
            self._is_link_told = False
            self.outages += 1
            self._say(BrokerEventKind.LINK_DOWN)

    def _must_ask(self, why: str) -> None:
        # Who hears that the link is up asks for everything.
        log.warning("gateway_is_asked", reason=codes.without_accounts(why))
        if self.is_linked and self._is_link_told:
            self._say(BrokerEventKind.LINK_UP)

    def _say(self, kind: BrokerEventKind) -> None:
        self._tell(BrokerEvent(kind=kind, at=self._clock.now()))

    @property
    def _address(self) -> Address:
        broker = self._broker
        return Address(host=broker.host, port=broker.port, client_id=broker.client_id)


def _unanswered(link: OrderLink) -> str:
    return f"order {link.unanswered}, the first of this connection, got no answer"
