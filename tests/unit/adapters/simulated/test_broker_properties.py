"""Whatever is sent, quoted, cancelled and restarted: money adds up, and no order lives twice."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alpha_oracle.domain.orders import (
    OrderEvent,
    OrderStatus,
    Side,
    advance,
    status_after_fill,
)
from alpha_oracle.errors import BrokerError
from tests.fakes.broker import CASH, SESSION, SimulatedMarket, rules

SYMBOLS = st.sampled_from(["SYN001", "SYN002"])
TOLD = {
    "accepted": OrderStatus.SUBMITTED,
    "cancelled": OrderStatus.CANCELLED,
    "rejected": OrderStatus.REJECTED,
    "expired": OrderStatus.EXPIRED,
}


def as_order_event(order, event):
    """What the worker makes of what a broker told."""
    if event.fill is not None:
        status = status_after_fill(order, event.fill)
        return OrderEvent(
            event_id=event.fill.execution_id, status=status, at=event.at, fill=event.fill
        )
    return OrderEvent(event_id=event.kind.value, status=TOLD[event.kind.value], at=event.at)


class Broker(RuleBasedStateMachine):
    """Two processes at one book, one of which hears every event."""

    @initialize(seed=st.integers(0, 1_000))
    def begin(self, seed):
        drills = rules(
            seed=seed,
            latency_seconds=1,
            rejected_pct=10,
            partial_fill_pct=50,
            lost_answer_pct=10,
            lost_order_pct=10,
            repeated_event_pct=20,
            commission_delay_seconds=3,
        )
        self.market = SimulatedMarket(rules=drills)
        self.other = self.market.another()
        self.orders = {}
        self.count = 0

    @rule(
        symbol=SYMBOLS,
        side=st.sampled_from(Side),
        quantity=st.integers(1, 600),
        limit=st.none() | st.integers(90, 110),
    )
    def send(self, symbol, side, quantity, limit):
        self.count += 1
        try:
            order = self.market.send(
                f"order-{self.count}", symbol=symbol, side=side, quantity=quantity, limit=limit
            )
            self.orders[order.order_id] = order
        except BrokerError:
            return

    @rule(number=st.integers(0, 30))
    def cancel(self, number):
        if not self.orders:
            return
        order = list(self.orders.values())[number % len(self.orders)]
        try:
            self.market.broker.cancel_order(order)
        except BrokerError:
            return

    @rule(symbol=SYMBOLS, price=st.integers(90, 110), volume=st.integers(0, 9_000))
    def quote(self, symbol, price, volume):
        self.market.quote(symbol, bid=price, ask=price + Decimal("0.1"), volume=volume)

    @rule(seconds=st.integers(0, 5))
    def wait(self, seconds):
        self.market.clock.advance(seconds=seconds)

    @rule()
    def other_works(self):
        self.other.advance()

    @rule()
    def other_restarts(self):
        self.other = self.market.another()

    @rule()
    def listen(self):
        for event in self.market.broker.events():
            order = self.orders.get(event.order_id)
            if order is not None and event.kind != "commission":
                self.orders[event.order_id] = advance(order, as_order_event(order, event))

    @invariant()
    def money_adds_up(self):
        snapshot, book = self.market.broker.snapshot(), self.market.book
        signed = {"SYN001": 0, "SYN002": 0}
        cash = CASH
        for one in book.executions.values():
            signed[one.symbol] += one.signed_quantity
            cash -= one.signed_quantity * one.price + one.commission
        assert snapshot.account.cash == cash >= 0
        assert snapshot.positions == {key: held for key, held in signed.items() if held}
        assert all(held > 0 for held in snapshot.positions.values())

    @invariant()
    def nothing_is_executed_beyond_its_order_or_its_limit(self):
        executions = self.market.book.executions.values()
        for order in self.market.book.orders.values():
            own = [one for one in executions if one.order_id == order.order_id]
            assert sum(one.quantity for one in own) == order.filled_quantity <= order.quantity
            for one in own:
                assert order.limit_price is None or (
                    one.price <= order.limit_price
                    if order.side is Side.BUY
                    else one.price >= order.limit_price
                )

    @invariant()
    def who_heard_everything_knows_as_much_as_the_broker(self):
        self.listen()
        at_the_broker = self.market.book.orders
        for order_id, order in self.orders.items():
            told = at_the_broker[order_id]
            assert (order.status, order.filled_quantity) == (told.status, told.filled_quantity)
            assert order.session == SESSION


TestBroker = Broker.TestCase
TestBroker.settings = settings(max_examples=60, stateful_step_count=25)
