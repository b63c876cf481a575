"""What one look decides: durable together, and only then at the broker."""

import pytest

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.errors import OutcomeUnknown
from tests.unit.execution.trading_day import TradingDay, a_document, an_outcome

SYMBOLS = ("AAA", "BBB", "CCC")


class Onlooker:
    """A broker that looks at the record whenever it gets an order."""

    def __init__(self, day):
        self._broker, self._day = day.market.broker, day
        self.seen = []

    def __getattr__(self, name):
        return getattr(self._broker, name)

    def submit_order(self, order):
        memory = self._day.memory
        self.seen.append((order.symbol, len(memory.orders), memory.durable))
        self._broker.submit_order(order)


@pytest.fixture
def day():
    day = TradingDay()
    day.receive(*map(a_document, SYMBOLS))
    return day


def test_all_that_was_decided_is_durable_before_any_of_it_is_sent(day):
    broker = Onlooker(day)
    day.engine = day.another(broker=broker)
    day.go_to(5)
    day.steps(1)
    assert broker.seen == [(symbol, 3, None) for symbol in SYMBOLS]


def test_nothing_is_sent_of_what_was_decided_while_the_switch_was_thrown(day):
    def throw(point):
        if point == "after commit" and day.memory.orders and not day.memory.kill_switch.is_active:
            day.kill()

    day.engine = day.another(at=throw)
    day.go_to(5)
    day.steps(5, seconds=60)
    assert day.market.broker.snapshot().orders == ()
    assert not any(order.is_working for order in day.orders())
    assert [an_outcome(day, signal).kind for signal in range(3)] == [
        "ordered",
        "refused",
        "refused",
    ]


def test_an_order_that_a_broker_leaves_unanswered_holds_up_no_other(day):
    class Silent(Onlooker):
        def submit_order(self, order):
            super().submit_order(order)
            if order.symbol == "AAA":
                raise OutcomeUnknown("no answer")

    day.engine = day.another(broker=Silent(day))
    day.go_to(5)
    day.steps(1)
    statuses = {order.symbol: order.status for order in day.orders()}
    assert statuses.pop("AAA") is OrderStatus.UNKNOWN
    assert {*statuses.values()} == {OrderStatus.PENDING}
