"""One connection for orders: commands go out once, everything is asked for as a whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.adapters.ibkr.contracts import Company, choose, stranger, vendor_ticker
from alpha_oracle.adapters.ibkr.dialing import shake_hands
from alpha_oracle.adapters.ibkr.link import Address, Link
from alpha_oracle.adapters.ibkr.order_answers import FIGURES, UNNUMBERED, Answers, Part
from alpha_oracle.adapters.ibkr.order_ears import Ears
from alpha_oracle.adapters.ibkr.pacing import MOST_A_SECOND, Burst
from alpha_oracle.adapters.ibkr.trouble import CutOffError, LinkLostError, RequestRefusedError
from alpha_oracle.adapters.ibkr.vendor import Contract, ExecutionFilter, ListeningDecoder, Order
from alpha_oracle.domain.orders import OrderType, Side
from alpha_oracle.errors import BrokerAway, OrderRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.ibkr.order_tracking import OrderTracker
    from alpha_oracle.config import IbkrBrokerSettings
    from alpha_oracle.domain import orders
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.clock import Clock

DAY: Final = "DAY"
CENT: Final = Decimal("0.01")
_EVERYONE: Final = "All"
_TYPES: Final = {OrderType.MARKET: "MKT", OrderType.LIMIT: "LMT"}
_MOST_TRIES: Final = 3
_TOO_FAST_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPatience:
    """How long a connection for orders waits for what.

    `waits_seconds` are the pauses before a gateway is tried again, the last of them for ever. Its
    silence is noticed by a question every `heartbeat_every_seconds`; while it is cut off from
    IBKR's servers it is kept for `cut_off_seconds`, then dialled anew. No more than `most_a_second`
    messages are sent.
    """

    handshake_seconds: float = 15.0
    answer_seconds: float = 10.0
    heartbeat_every_seconds: float = 10.0
    heartbeat_seconds: float = 5.0
    cut_off_seconds: float = 300.0
    waits_seconds: tuple[float, ...] = (1.0, 5.0, 10.0, 20.0, 40.0, 60.0)
    start_seconds: float = 20.0
    most_a_second: int = MOST_A_SECOND


class OrderLink:
    """A socket under the client id of orders. Belongs to the event loop it was made in."""

    def __init__(
        self,
        broker: IbkrBrokerSettings,
        tracker: OrderTracker,
        *,
        clock: Clock,
        patience: OrderPatience,
        must_ask: Callable[[str], None],
        on_code: Callable[[int], None],
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._patience = patience
        self._ears: Ears | None = None

        def decoder_of(inner: Any) -> ListeningDecoder:  # noqa: ANN401 - the library has no types.
            self._ears = Ears(
                inner,
                tracker,
                account=broker.account,
                must_ask=must_ask,
                on_code=on_code,
                renumber=lambda: self._link.client.reqIds(1),
            )
            return ListeningDecoder(self._ears)

        address = Address(host=broker.host, port=broker.port, client_id=broker.client_id)
        self._link = Link(address, outage_seconds=patience.answer_seconds, decoder_of=decoder_of)
        # Nothing may wait in the library: what it holds back would be sent when nobody wants it.
        self._link.client.MaxRequests = 0
        self._burst = Burst(patience.most_a_second)
        self._asking = asyncio.Lock()
        self._companies: dict[Symbol, Company] = {}
        self._held: dict[int, Symbol] = {}
        self.is_proven = False
        """Whether an order of this connection was answered."""
        self.unanswered = ""
        """The first order, once it was waited for in vain: what follows it may be swallowed."""

    @property
    def is_up(self) -> bool:
        """Whether the socket stands and the gateway reaches IBKR's servers."""
        transport = self._link.client.conn.transport
        is_writable = transport is not None and not transport.is_closing()
        return self._link.is_open and self._link.is_up and is_writable

    async def open(self) -> None:
        """Shake hands.

        Raises:
            LinkRefusedError: telling what stands in the way.
            ConfigurationError: the gateway does not manage the account of the settings.
        """
        await shake_hands(
            self._link, self._broker, handshake_seconds=self._patience.handshake_seconds
        )

    async def close(self) -> None:
        """Hang up; safe to repeat."""
        await self._link.close()

    async def until_gone(self) -> None:
        """Wait for the end of the socket."""
        await self._link.until_gone()

    async def is_alive(self) -> bool:
        """Whether the gateway answers, or is cut off from IBKR's servers and may come back."""
        await self._burst.turn()
        return await self._link.is_worth_keeping(
            timeout_seconds=self._patience.heartbeat_seconds,
            cut_off_seconds=self._patience.cut_off_seconds,
        )

    async def company(self, symbol: Symbol) -> Company:
        """Return the one stock that trades under a ticker; asked once a connection.

        Raises:
            OrderRefused: there is none, or more than one, or no answer: nothing was sent.
        """
        known = self._companies.get(symbol)
        if known is not None:
            return known
        await self._burst.turn()
        try:
            found = await self._link.companies(
                ticker=vendor_ticker(symbol), timeout_seconds=self._patience.answer_seconds
            )
        except (RequestRefusedError, LinkLostError, CutOffError, TimeoutError) as error:
            why = str(error) or "IBKR did not say which stock it is"
            raise OrderRefused(f"{symbol} was not ordered: {why}") from None
        chosen = choose(symbol, found)
        if not isinstance(chosen, Company):
            raise OrderRefused(f"{symbol} was not ordered: {chosen.reason}")
        self._companies[symbol] = chosen
        return chosen

    def require_held(self, order: orders.Order, company: Company) -> None:
        """See to it that an order trades the company whose shares are held under its ticker.

        Raises:
            OrderRefused: its ticker was given to another one.
        """
        why = stranger(company, self._held, is_sale=order.side is Side.SELL)
        if why:
            raise OrderRefused(f"{order.symbol} was not ordered: {why}; trade it by hand")

    def interrupt(self, why: str) -> None:
        """Let a question for everything that waits end without an answer."""
        if self._ears is not None and self._ears.answers is not None:
            self._ears.answers.fail(why)

    def slow_down(self) -> None:
        """Send nothing for a while: the gateway dropped a message, and will hang up."""
        self._burst.pause(_TOO_FAST_SECONDS)

    async def turn(self) -> None:
        """Wait until one more command may be sent."""
        await self._burst.turn()

    def next_number(self) -> int:
        """Return a number for an order that no other order or request has."""
        return int(self._link.client.getReqId())

    def place(self, order: orders.Order, number: int, company: Company) -> None:
        """Write an order to the socket.

        Raises:
            ConnectionError: it was not written.
        """
        contract = Contract(
            conId=company.con_id,
            symbol=company.symbol,
            secType="STK",
            exchange="SMART",
            primaryExchange=company.exchange,
            currency="USD",
        )
        self._link.client.placeOrder(number, contract, self._vendor_order(order, number))
        if order.side is Side.BUY:
            self._held[company.con_id] = order.symbol

    def cancel(self, number: int) -> None:
        """Write a wish for an order's end to the socket.

        Raises:
            ConnectionError: it was not written.
        """
        self._link.client.cancelOrder(number)

    async def everything(self) -> Answers:
        """Ask for everything, and return it once every part has said that it is whole.

        Raises:
            BrokerAway: a part did not; nothing is known.
        """
        async with self._asking:
            for _ in range(_MOST_TRIES):
                answers = await self._asked()
                if not answers.is_disturbed:
                    return answers
        raise BrokerAway("executions came faster than IBKR could tell everything; ask again")

    async def _asked(self) -> Answers:
        client, ears = self._link.client, self._ears
        if ears is None or not self._link.is_open:
            raise BrokerAway("the connection to the gateway is gone")
        if ears.owed:
            # What ends an old question cannot be told from what ends a new one.
            await self.close()
            owed = ", ".join(sorted(ears.owed))
            raise BrokerAway(f"IBKR still owes all {owed} from before; it is dialled anew")
        answers = Answers(client.getReqId(), client.getReqId(), self._clock.now())
        ears.answers = answers
        try:
            await self._ask(answers)
            await asyncio.wait_for(answers.whole.wait(), self._patience.answer_seconds)
        except TimeoutError:
            missing = ", ".join(sorted(answers.missing))
            if ears.owed:
                await self.close()
            raise BrokerAway(f"IBKR did not tell all {missing}; nothing is believed") from None
        except ConnectionError:
            raise BrokerAway("the connection to the gateway broke while it told all") from None
        finally:
            ears.answers = None
            await self._take_back(answers)
        if answers.broken or answers.missing:
            raise BrokerAway(answers.broken or "the connection broke while IBKR told all")
        # What was bought since is asked for again before it is sold.
        self._held = {
            con_id: one.symbol
            for (account, con_id), one in answers.holdings.items()
            if account == self._broker.account and one.quantity
        }
        return answers

    async def _ask(self, answers: Answers) -> None:
        client, figures = self._link.client, ",".join(FIGURES)
        for part, ask in (
            (Part.POSITIONS, client.reqPositions),
            (Part.OPEN, client.reqAllOpenOrders),
            (Part.COMPLETED, lambda: client.reqCompletedOrders(False)),
            (
                Part.EXECUTIONS,
                lambda: client.reqExecutions(answers.executions_id, ExecutionFilter()),
            ),
            (
                Part.ACCOUNT,
                lambda: client.reqAccountSummary(answers.account_id, _EVERYONE, figures),
            ),
        ):
            await self._burst.turn()
            if part in UNNUMBERED and self._ears is not None:
                self._ears.owed.add(part)
            ask()

    async def _take_back(self, answers: Answers) -> None:
        # Both go on telling until then, and a third account summary is refused.
        client = self._link.client
        for take_back in (
            client.cancelPositions,
            lambda: client.cancelAccountSummary(answers.account_id),
        ):
            await self._burst.turn()
            if self._link.is_open:
                take_back()

    def _vendor_order(self, order: orders.Order, number: int) -> Order:
        made = Order(
            orderId=number,
            clientId=self._broker.client_id,
            action="BUY" if order.side is Side.BUY else "SELL",
            totalQuantity=order.quantity,
            orderType=_TYPES[order.order_type],
            tif=DAY,
            account=self._broker.account,
            orderRef=order.order_id,
            outsideRth=False,
            transmit=True,
        )
        if order.limit_price is not None:
            made.lmtPrice = float(in_cents(order.limit_price, order.side))
        return made


def in_cents(price: Decimal, side: Side) -> Decimal:
    """Return a limit in whole cents (SEC rule 612, from 1 USD on), never a worse one."""
    rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    return price.quantize(CENT, rounding=rounding)
