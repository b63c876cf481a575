"""What the message about an order says, from the question to the outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from alpha_oracle.domain.orders import OrderEvent, OrderStatus, OrderType, RefusedBy
from alpha_oracle.domain.trading_pages import OrderFile
from alpha_oracle.domain.trading_records import Approval, ApprovalStatus
from alpha_oracle.entrypoints.telegram.cards import MOST_WORDS, face_of, moment
from tests.contracts import trading_values as values
from tests.trading import NOW, an_order

WAITS = OrderStatus.AWAITING_APPROVAL
UNTIL = NOW + timedelta(hours=4)


def an_approval(status=ApprovalStatus.WAITING, **changes):
    decided = None if status is ApprovalStatus.WAITING else NOW
    by = "telegram:42" if status in {ApprovalStatus.APPROVED, ApprovalStatus.REJECTED} else ""
    ordinary = Approval(
        order_id="order-1",
        requested_at=NOW,
        expires_at=UNTIL,
        price=Decimal("99.995"),
        reason="mode MANUAL_APPROVAL",
        checks=("autonomy",),
        status=status,
        decided_at=decided,
        decided_by=by,
    )
    return replace(ordinary, **changes)


def face(approval, *, now=NOW, status=WAITS, **changes):
    found = OrderFile(
        order=an_order(status=status, **changes),
        slices=(),
        cascade_runs=(),
        day_trade_decisions=(),
        approval=approval,
        quality=None,
    )
    return face_of(found, approval, now=now)


def ended(status, reason, refused_by):
    return (
        OrderEvent(event_id="end", status=status, at=NOW, reason=reason, refused_by=refused_by),
    )


def test_a_question_says_what_is_to_be_decided_why_and_until_when():
    asked = face(an_approval())
    assert asked.asks
    assert asked.is_open
    assert asked.text.splitlines() == [
        "Approval: BUY 10 AAA",
        "limit 100.00 USD; entry of MomentumStrategy, account paper, simulated",
        "Price: 100.00 USD, 999.95 USD in all",
        "Why it asks: mode MANUAL_APPROVAL",
        "Expires: 2016-01-08 14:00 New York (19:00 UTC)",
        "Order order-1",
    ]


def test_an_order_of_another_type_and_price_says_so():
    market = face(an_approval(price=None), order_type=OrderType.MARKET, limit_price=None)
    assert "at the market" in market.text
    assert "Price: unknown" in market.text
    slices = face(an_approval(), order_type=OrderType.TWAP, limit_price=None)
    assert "TWAP" in slices.text


def test_nobody_is_asked_from_its_end_on_though_nothing_ended_it_yet():
    late = face(an_approval(), now=UNTIL)
    assert not late.asks
    assert late.is_open
    assert late.text.endswith("EXPIRED without a decision\nIt is not sent")


def test_a_decision_says_by_whom_and_what_comes_next():
    approved = face(an_approval(ApprovalStatus.APPROVED))
    assert not approved.asks
    assert approved.is_open
    assert approved.text.endswith(
        "APPROVED by telegram:42, 2016-01-08 10:00 New York (15:00 UTC)\n"
        "Not sent yet: every check runs again first"
    )
    rejected = face(an_approval(ApprovalStatus.REJECTED))
    assert "REJECTED by telegram:42" in rejected.text


def test_the_outcome_of_an_approval_is_told_to_its_end():
    fill = values.executed(values.a_fill(), status=OrderStatus.PARTIALLY_FILLED)
    approved = an_approval(ApprovalStatus.APPROVED)
    some = face(approved, status=OrderStatus.PARTIALLY_FILLED, history=(fill,))
    assert some.is_open
    assert some.text.endswith("Order PARTIALLY_FILLED, 4 filled at 100.01 USD")
    refusal = ended(OrderStatus.REJECTED, "on approval: no cash", RefusedBy.RISK)
    refused = face(approved, status=OrderStatus.REJECTED, history=refusal)
    assert not refused.is_open
    assert refused.text.endswith("Order REJECTED by risk: on approval: no cash")


def test_a_long_reason_leaves_room_for_the_rest():
    asked = face(an_approval(reason="x" * 10_000))
    assert MOST_WORDS < len(asked.text) < MOST_WORDS + 500


def test_a_moment_is_told_as_the_exchange_and_the_record_have_it():
    summer = datetime(2016, 6, 2, 13, 36, tzinfo=UTC)
    assert moment(summer) == "2016-06-02 09:36 New York (13:36 UTC)"
