from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alpha_oracle.domain.orders import (
    FINAL,
    NEXT,
    WORKING,
    Fill,
    Hold,
    OrderEvent,
    OrderStatus,
    OrderType,
    advance,
    fill_event,
    status_after_fill,
    with_commission,
)
from alpha_oracle.errors import IllegalTransition
from tests.trading import NOW, an_order

S = OrderStatus


def a_fill(execution_id="e", quantity=10, price="100", **changes):
    return Fill(
        execution_id=execution_id, quantity=quantity, price=Decimal(price), at=NOW, **changes
    )


def an_event(status, event_id=None, **changes):
    return OrderEvent(event_id=event_id or status.lower(), status=status, at=NOW, **changes)


def filled(order, *fills):
    for fill in fills:
        order = advance(order, fill_event(order, fill))
    return order


@pytest.mark.parametrize(
    ("status", "followers"),
    [
        (S.AWAITING_APPROVAL, "PENDING REJECTED EXPIRED"),
        (S.PENDING, "SUBMITTED UNKNOWN PARTIALLY_FILLED FILLED REJECTED CANCELLED EXPIRED"),
        (S.UNKNOWN, "SUBMITTED PARTIALLY_FILLED FILLED CANCELLED REJECTED EXPIRED"),
        (S.SUBMITTED, "UNKNOWN PARTIALLY_FILLED FILLED CANCELLED REJECTED EXPIRED"),
        (S.PARTIALLY_FILLED, "UNKNOWN PARTIALLY_FILLED FILLED CANCELLED EXPIRED"),
        (S.CANCELLED, "PARTIALLY_FILLED FILLED"),
        (S.EXPIRED, "PARTIALLY_FILLED FILLED"),
        (S.FILLED, ""),
        (S.REJECTED, ""),
    ],
    ids=str,
)
def test_a_status_is_followed_by_these_and_no_others(status, followers):
    allowed = {S(name) for name in followers.split()}

    assert NEXT[status] == allowed
    for follower in S:
        if follower in allowed:
            assert advance(an_order(status=status), an_event(follower)).status is follower
        else:
            with pytest.raises(IllegalTransition, match=f"is {status}"):
                advance(an_order(status=status), an_event(follower))


def test_every_status_is_working_final_or_waiting_for_a_human():
    assert FINAL | WORKING | {S.AWAITING_APPROVAL} == set(S)
    assert not FINAL & WORKING


def test_an_event_seen_before_changes_nothing():
    submitted = advance(an_order(), an_event(S.SUBMITTED))
    filled_whole = filled(submitted, a_fill())

    assert advance(filled_whole, an_event(S.SUBMITTED)) == filled_whole


def test_a_fill_can_be_the_first_answer():
    order = filled(an_order(quantity=10), a_fill(quantity=4))

    assert order.status is S.PARTIALLY_FILLED
    assert order.remaining_quantity == 6


def test_executions_add_up_to_the_whole():
    order = filled(
        an_order(quantity=10), a_fill("a", 4, "100"), a_fill("b", 6, "101", commission=Decimal(1))
    )

    assert order.status is S.FILLED
    assert order.filled_quantity == 10
    assert order.average_price == Decimal("100.6")
    assert order.remaining_quantity == 0


def test_an_order_without_executions_has_no_average_price():
    assert an_order().average_price is None


@pytest.mark.parametrize("status", [S.CANCELLED, S.EXPIRED])
def test_a_part_that_overtook_the_end_is_recorded_and_reopens_nothing(status):
    ended = advance(an_order(quantity=10), an_event(status))

    order = filled(ended, a_fill(quantity=4))

    assert (order.status, order.filled_quantity, order.remaining_quantity) == (status, 4, 0)
    assert not order.is_working


@pytest.mark.parametrize("status", [S.CANCELLED, S.EXPIRED])
def test_the_whole_that_overtook_the_end_fills_the_order(status):
    ended = advance(an_order(quantity=10), an_event(status))

    assert filled(ended, a_fill(quantity=10)).status is S.FILLED


@pytest.mark.parametrize("status", [S.AWAITING_APPROVAL, S.REJECTED, S.FILLED])
def test_an_execution_nobody_could_expect_is_on_record_all_the_same(status):
    order = filled(an_order(status=status), a_fill(quantity=10))

    assert (order.status, order.filled_quantity) == (status, 10)


def test_a_correction_takes_the_place_of_what_it_corrects_and_both_are_kept():
    order = filled(an_order(quantity=10), a_fill("x.01", 4, "100"), a_fill("x.02", 3, "101"))

    assert order.filled_quantity == 3
    assert order.average_price == 101
    assert [event.event_id for event in order.history] == ["fill:x.01", "fill:x.02"]


def test_the_latest_correction_counts_whichever_is_told_first():
    order = filled(an_order(quantity=10), a_fill("x.10", 3), a_fill("x.9", 4))

    assert order.filled_quantity == 3
    assert order.status is S.PARTIALLY_FILLED


def test_a_correction_does_not_reopen_a_filled_order():
    order = filled(an_order(quantity=10), a_fill("x.01", 10), a_fill("x.02", 9))

    assert (order.status, order.filled_quantity) == (S.FILLED, 9)


def test_the_status_after_a_fill_is_that_of_all_that_was_executed():
    order = filled(an_order(quantity=10), a_fill("x.01", 4))

    assert status_after_fill(order, a_fill("x.02", 6)) is S.PARTIALLY_FILLED
    assert status_after_fill(order, a_fill("y.01", 6)) is S.FILLED


@pytest.mark.parametrize(
    ("execution_id", "stem", "revision"),
    [
        pytest.param("0000e0d5.65a1.01.02", "0000e0d5.65a1.01", 2, id="a broker's"),
        pytest.param("sim-12", "sim-12", 0, id="without a period"),
        pytest.param("sim.twelve", "sim.twelve", 0, id="without a number at its end"),
        pytest.param(".01", ".01", 0, id="without a stem"),
        pytest.param("a.²", "a.²", 0, id="a digit that is none"),
    ],
)
def test_an_execution_and_its_corrections_share_a_stem(execution_id, stem, revision):
    fill = a_fill(execution_id)

    assert (fill.stem, fill.revision) == (stem, revision)


def test_the_brokers_latest_id_is_kept():
    order = advance(an_order(), an_event(S.UNKNOWN))
    assert order.broker_order_id is None
    order = advance(order, an_event(S.SUBMITTED, broker_order_id="17"))
    order = filled(order, a_fill(quantity=1))
    assert order.broker_order_id == "17"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"quantity": 0}, "0 shares", id="no shares"),
        pytest.param({"order_type": OrderType.MARKET}, "has a limit", id="a market order's limit"),
        pytest.param({"limit_price": None}, "has a limit", id="a limit order without"),
        pytest.param({"created_at": NOW.replace(tzinfo=None)}, "timezone", id="a naive time"),
    ],
)
def test_an_order_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        an_order(**changes)


@pytest.mark.parametrize(("quantity", "price"), [(0, "1"), (-1, "1"), (1, "0"), (1, "-1")])
def test_a_fill_of_nothing_or_for_nothing_is_refused(quantity, price):
    with pytest.raises(ValueError, match="both must be above 0"):
        a_fill(quantity=quantity, price=price)


@pytest.mark.parametrize(("least", "most"), [(-1, 5), (3, 2), (0, 0)])
def test_a_hold_that_ends_before_it_begins_is_refused(least, most):
    with pytest.raises(ValueError, match="a hold of"):
        Hold(min_days=least, max_days=most)


class OrderLife(RuleBasedStateMachine):
    """Any events in any order, told any number of times."""

    @initialize(
        quantity=st.integers(1, 20),
        status=st.sampled_from([S.AWAITING_APPROVAL, S.PENDING, S.UNKNOWN, S.SUBMITTED]),
    )
    def begin(self, quantity, status):
        self.order = an_order(quantity=quantity, status=status)
        self.told = []
        self.executed = {}

    def tell(self, event):
        before = self.order
        try:
            self.order = advance(before, event)
        except IllegalTransition:
            assert event.status not in NEXT[before.status]
            assert event.fill is None
            return
        self.told.append(event)
        self.check(before, event)

    def check(self, before, event):
        after = self.order
        assert after.history[: len(before.history)] == before.history
        assert len(after.history) - len(before.history) == (0 if before.has_seen(event) else 1)
        if before.is_final and after.status is not before.status:
            assert event.fill is not None
            assert after.status is S.FILLED

    @rule(status=st.sampled_from(sorted(S)), number=st.integers(0, 2))
    def answer(self, status, number):
        if status not in {S.PARTIALLY_FILLED, S.FILLED}:
            self.tell(an_event(status, f"{status}-{number}"))

    @rule(stem=st.sampled_from("abcd"), revision=st.integers(1, 3), quantity=st.integers(1, 20))
    def execute(self, stem, revision, quantity):
        execution_id = f"{stem}.{revision}"
        told = self.executed.setdefault(execution_id, a_fill(execution_id, quantity))
        self.tell(fill_event(self.order, told))

    @rule(data=st.data())
    def repeat(self, data):
        if self.told:
            before = self.order
            self.tell(data.draw(st.sampled_from(self.told)))
            assert self.order == before

    @rule(stem=st.sampled_from("abcd"), revision=st.integers(1, 3), cents=st.integers(0, 300))
    def charge(self, stem, revision, cents):
        told = self.executed.get(f"{stem}.{revision}")
        if told is not None:
            before, charged = self.order, replace(told, commission=Decimal(cents) / 100)
            self.order = with_commission(before, charged)
            self.executed[told.execution_id] = charged
            assert self.order.status is before.status
            assert self.order.average_price == before.average_price
            assert len(self.order.history) == len(before.history)

    @invariant()
    def shares_are_conserved(self):
        latest = {}
        for fill in self.executed.values():
            if fill.stem not in latest or fill.revision > latest[fill.stem].revision:
                latest[fill.stem] = fill
        executed = sum(fill.quantity for fill in latest.values())
        assert self.order.filled_quantity == executed
        if self.order.is_final:
            assert self.order.remaining_quantity == 0
        else:
            assert self.order.remaining_quantity == max(self.order.quantity - executed, 0)


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=60, stateful_step_count=25)


def test_the_same_events_at_other_times_are_the_same_events():
    submitted = advance(an_order(), an_event(S.SUBMITTED))

    later = replace(an_event(S.SUBMITTED), at=NOW + timedelta(hours=1))
    assert advance(submitted, later) == submitted
