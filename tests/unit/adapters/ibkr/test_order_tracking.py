"""What is news of an order, whatever order, number and fate its messages have."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.adapters.ibkr.order_codes import OrderVerdict, judge_order
from alpha_oracle.adapters.ibkr.order_told import ExecutionTold, OrderTold
from alpha_oracle.adapters.ibkr.order_tracking import OWED_SECONDS, OrderTracker
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Fill, Side
from tests.fakes.broker import TEN_O_CLOCK, an_order, close_of_the_session
from tests.fakes.clock import FixedClock

ACCOUNT, CLIENT, NUMBER, PERM = "DU1234567", 1, 5, 600_000_001


class Desk:
    """A tracker, what it tells, and a clock for what is owed."""

    def __init__(self):
        self.clock, self.seconds = FixedClock(TEN_O_CLOCK), 0.0
        self.told, self.asked = [], []
        self.tracker = OrderTracker(
            account=ACCOUNT,
            client_id=CLIENT,
            clock=self.clock,
            tell=self.told.append,
            must_ask=self.asked.append,
            seconds=lambda: self.seconds,
        )
        self.tracker.will_send(an_order(account=ACCOUNT, quantity=100), NUMBER)

    def kinds(self):
        return [event.kind.value for event in self.told]

    def order(self, status="Submitted", **changes):
        said = {
            "perm_id": PERM,
            "number": NUMBER,
            "client_id": CLIENT,
            "account": ACCOUNT,
            "reference": "order-1",
        }
        self.tracker.on_order(
            OrderTold(
                symbol=Symbol("SYN001"),
                side=Side.BUY,
                quantity=100,
                status=status,
                **said | changes,
            )
        )

    def status(self, status, filled=0, number=NUMBER, perm_id=PERM, client_id=CLIENT):
        self.tracker.on_status(number, client_id, perm_id=perm_id, status=status, filled=filled)

    def execution(self, name="a.01", quantity=60, **changes):
        said = {"perm_id": PERM, "client_id": CLIENT, "account": ACCOUNT, "reference": "order-1"}
        fill = Fill(execution_id=name, quantity=quantity, price=Decimal(100), at=self.clock.now())
        self.tracker.on_execution(
            ExecutionTold(symbol=Symbol("SYN001"), side=Side.BUY, fill=fill, **said | changes)
        )

    def commission(self, name="a.01", cost=1):
        self.tracker.on_commission(name, Decimal(cost))

    def error(self, code, text="for a reason"):
        self.tracker.on_error(NUMBER, code, text)


@pytest.fixture
def desk():
    return Desk()


MESSAGES = (
    ("order",),
    ("status", "Submitted"),
    ("status", "Submitted", 60),
    ("execution", "a.01", 60),
    ("commission", "a.01"),
    ("execution", "b.01", 40),
    ("commission", "b.01"),
    ("status", "Filled", 100),
    ("order", "Filled"),
)


@given(st.lists(st.sampled_from(MESSAGES), max_size=20).map(lambda more: [*more, *MESSAGES]))
def test_messages_in_any_order_however_often_tell_each_execution_once(said):
    desk = Desk()
    for name, *values in said:
        getattr(desk, name)(*values)
    fills = [event.fill for event in desk.told if event.kind == "filled"]
    assert sorted(fill.execution_id for fill in fills) == ["a.01", "b.01"]
    latest = {event.fill.execution_id: event.fill for event in desk.told if event.fill}
    assert all(fill.commission == 1 for fill in latest.values())
    assert set(desk.kinds()) <= {"accepted", "filled", "commission"}
    assert desk.kinds().count("accepted") <= 1
    assert desk.asked == []


@given(st.permutations(MESSAGES), st.sampled_from(["Cancelled", "ApiCancelled"]))
def test_what_was_executed_whole_is_never_said_to_have_ended_otherwise(said, status):
    desk = Desk()
    for name, *values in said:
        getattr(desk, name)(*values)
    desk.status(status)
    assert "cancelled" not in desk.kinds()


def test_a_part_that_overtook_a_cancel_is_told_after_it(desk):
    desk.order()
    desk.status("Cancelled")
    desk.execution()
    assert desk.kinds() == ["accepted", "cancelled", "filled"]


def test_statuses_of_other_clients_and_of_other_orders_are_not_ours(desk):
    desk.order()
    desk.status("Cancelled", client_id=7)
    desk.status("Cancelled", perm_id=PERM + 1)
    desk.status("Cancelled", number=99)
    desk.order("Cancelled", client_id=7, perm_id=PERM + 1)
    desk.order("Cancelled", account="DU7654321")
    assert desk.kinds() == ["accepted"]


def test_an_execution_of_another_client_or_account_is_not_ours(desk):
    desk.execution("x.01", client_id=7, reference="theirs", perm_id=PERM + 1)
    desk.execution("y.01", account="DU7654321")
    assert desk.told == []
    assert desk.tracker.is_foreign(PERM + 1)


def test_an_execution_of_an_order_nobody_remembers_is_told_by_its_reference(desk):
    desk.execution("x.01", reference="", perm_id=PERM + 1)
    (event,) = desk.told
    assert event.order_id == f"ibkr-{PERM + 1}"


def test_an_execution_is_waited_for_a_while_when_a_status_counts_it(desk):
    desk.order()
    desk.status("Filled", 100)
    desk.tracker.look_after()
    assert desk.asked == []
    desk.seconds = OWED_SECONDS
    desk.tracker.look_after()
    desk.tracker.look_after()
    assert desk.asked == ["executions of order-1 are missing"]


def test_an_execution_that_came_is_owed_no_more(desk):
    desk.order()
    desk.status("Filled", 100)
    desk.execution(quantity=100)
    desk.seconds = OWED_SECONDS
    desk.tracker.look_after()
    assert desk.asked == []


def test_each_part_that_its_status_announces_is_owed_until_it_comes(desk):
    desk.order()
    desk.status("Submitted", 60)
    desk.execution(quantity=60)
    desk.seconds = OWED_SECONDS
    desk.status("Filled", 100)
    desk.tracker.look_after()
    desk.execution("b.01", quantity=30)
    desk.seconds = 2 * OWED_SECONDS
    desk.tracker.look_after()
    assert desk.asked == ["executions of order-1 are missing"]


def test_a_part_that_came_after_its_status_is_owed_no_more(desk):
    desk.order()
    desk.status("Submitted", 60)
    desk.execution(quantity=60)
    desk.seconds = OWED_SECONDS
    desk.tracker.look_after()
    assert desk.asked == []


def test_a_cancel_after_the_close_that_nobody_asked_for_is_the_sessions_end(desk):
    desk.order()
    desk.clock.set(close_of_the_session() + timedelta(minutes=5))
    desk.status("Cancelled")
    assert desk.told[-1].kind == "expired"
    assert desk.told[-1].at == close_of_the_session()


def test_a_cancel_we_asked_for_is_one_at_any_hour(desk):
    desk.order()
    desk.tracker.order("order-1").is_cancel_asked = True
    desk.clock.set(close_of_the_session() + timedelta(minutes=5))
    desk.status("Cancelled")
    assert desk.kinds() == ["accepted", "cancelled"]


def test_what_was_refused_and_is_cancelled_for_it_is_rejected_with_the_reason(desk):
    desk.order()
    desk.error(201, "too poor")
    desk.status("Cancelled")
    assert desk.kinds() == ["accepted", "rejected"]
    assert desk.told[-1].reason == "IBKR error 201: too poor"


def test_what_was_rejected_and_works_after_all_is_asked_about(desk):
    desk.error(201)
    desk.order("Submitted")
    assert desk.kinds() == ["rejected"]
    assert desk.asked == ["order order-1: Submitted after it was rejected"]


def test_an_order_that_was_never_written_can_be_sent_again(desk):
    desk.tracker.was_not_sent("order-1")
    assert not desk.tracker.is_known("order-1")


@pytest.mark.parametrize(
    ("verdict", "codes"),
    [
        (OrderVerdict.NOTICE, [399, 10349, 2104, 2109, 2161, 10167]),
        (OrderVerdict.CANCELLED, [202]),
        (OrderVerdict.REJECTED, [103, 110, 200, 201, 203, 320, 321, 329, 388, 460, 10052]),
        (OrderVerdict.UNCLEAR, [0, 161, 10147, 10148, 12345]),
    ],
    ids=str,
)
def test_codes_mean_this_for_an_order(verdict, codes):
    assert {judge_order(code) for code in codes} == {verdict}
