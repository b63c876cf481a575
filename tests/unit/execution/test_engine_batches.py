"""What one look decides: durable together, and only then at the broker."""

import pytest

from alpha_oracle.domain.orders import OrderStatus, RefusedBy
from alpha_oracle.errors import OutcomeUnknown
from tests.unit.execution.test_engine_exits import in_session, sessions_later
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


class Watchful(Onlooker):
    """One that notes when it got each order, and whether trading was halted on record then."""

    def __init__(self, day, *, first_takes=0.0):
        super().__init__(day)
        self._first_takes = first_takes
        self.got = []

    def submit_order(self, order):
        self.got.append(
            (order.symbol, self._day.clock.now(), self._day.memory.kill_switch.is_active)
        )
        self._broker.submit_order(order)
        if len(self.got) == 1 and self._first_takes:
            self._day.clock.advance(seconds=self._first_takes)
            self._day.kill()


def throwing(day, points):
    """What throws the switch at points, each with how many orders are on record then, once."""

    def throw(point):
        if points and (point, len(day.memory.orders)) == points[0]:
            del points[0]
            day.kill()

    return throw


def test_nothing_waits_for_what_is_decided_after_it_where_each_change_stands_by_itself(day):
    thrown_at = [("after commit", 1), ("before commit", 2)]
    broker = Watchful(day)
    day.engine = day.another(at=throwing(day, thrown_at), broker=broker)
    day.go_to(5)
    day.steps(1)
    assert day.engine.trouble
    day.resume()
    day.steps(1)
    assert thrown_at == []
    assert [symbol for symbol, *_ in broker.got] == ["BBB"]
    assert not any(is_halted for *_, is_halted in broker.got)


def test_nothing_is_sent_any_more_once_trading_is_halted_while_another_order_is_sent(day):
    broker = Watchful(day, first_takes=9)
    day.engine = day.another(broker=broker)
    day.go_to(5)
    day.steps(2)
    assert [symbol for symbol, *_ in broker.got] == ["AAA"]
    ended = {order.symbol: (order.status, order.history[-1].refused_by) for order in day.orders()}
    assert ended["BBB"] == ended["CCC"] == (OrderStatus.REJECTED, RefusedBy.RISK)


def test_an_order_counts_against_the_rate_when_it_is_sent(day):
    def be_slow(point):
        if point == "before harden" and not broker.got:
            day.clock.advance(seconds=3)

    day.bounds = {"max_orders_per_second": 1}
    broker = Watchful(day)
    day.engine = day.another(at=be_slow, broker=broker)
    day.go_to(5)
    day.steps(2, seconds=0.1)
    assert [symbol for symbol, *_ in broker.got] == ["AAA"]
    day.steps(1, seconds=1)
    day.steps(1)
    assert [symbol for symbol, *_ in broker.got] == ["AAA", "BBB"]


def test_a_sale_that_was_not_sent_after_all_goes_later_in_its_session(day):
    thrown_at = [("before commit", 4)]
    day.go_to(5)
    day.steps()
    in_session(day, sessions_later(2))
    day.engine = day.another(at=throwing(day, thrown_at))
    day.receive(*(a_document(one, "SHORT", session=sessions_later(1)) for one in SYMBOLS))
    day.steps(1)
    assert day.engine.trouble
    assert all(day.shares(symbol) for symbol in SYMBOLS)
    day.resume()
    day.steps(70)
    assert not any(day.shares(symbol) for symbol in SYMBOLS)
    assert [order.status for order in day.orders() if order.symbol == "AAA"] == [
        OrderStatus.FILLED,
        OrderStatus.REJECTED,
        OrderStatus.FILLED,
    ]
    assert "order_not_found" not in [one.get("type") for one in day.memory.announced("risk")]
