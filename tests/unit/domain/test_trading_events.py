import json
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.orders import (
    Fill,
    OrderEvent,
    OrderStatus,
    RefusedBy,
    Side,
    advance,
    fill_event,
)
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.signals import Direction
from alpha_oracle.domain.trading_events import (
    ApprovalRequired,
    CircuitBreakerTripped,
    KillSwitchChanged,
    OrderRejected,
    OrderSummary,
    RiskAlert,
    announcement,
    encode_event,
)
from tests.trading import NOW, an_order
from tests.unit.execution.positions import a_received_signal

COMMON = {
    "order_id": "order-1",
    "signal_id": "signal-1",
    "symbol": "AAA",
    "side": "BUY",
    "quantity": 10,
    "strategy": "MomentumStrategy",
    "simulated": True,
    "timestamp": "2016-01-08T15:00:00Z",
}


def an_event(status, **changes):
    return OrderEvent(event_id=status, status=status, at=NOW, **changes)


def told(order, event):
    """What others hear of an event, and the channel they hear it on."""
    after = advance(order, event)
    announced = announcement(after, event)
    assert announced is not None
    assert announced.channel == "orders"
    return json.loads(encode_event(announced))


def an_ordinary_order(**changes):
    return an_order(signal_id="signal-1", **changes)


def test_a_submission_is_told():
    document = told(an_ordinary_order(), an_event(OrderStatus.SUBMITTED))

    assert document == {"event": "order:submitted", **COMMON}


def test_a_part_and_then_the_whole_are_told():
    order = an_ordinary_order(quantity=10)
    part = Fill(
        execution_id="a", quantity=4, price=Decimal("150.25"), at=NOW, commission=Decimal("0.35")
    )
    rest = replace(part, execution_id="b", quantity=6, commission=None)

    first = told(order, fill_event(order, part))
    order = advance(order, fill_event(order, part))
    second = told(order, fill_event(order, rest))

    assert first == {
        "event": "order:partially_filled",
        **COMMON,
        "fill_price": 150.25,
        "fill_quantity": 4,
        "filled_quantity": 4,
        "commission": 0.35,
    }
    assert second["event"] == "order:filled"
    assert (second["filled_quantity"], second["commission"]) == (10, None)


def test_a_part_that_overtook_a_cancel_is_told_as_a_part():
    order = advance(an_ordinary_order(), an_event(OrderStatus.CANCELLED))
    fill = Fill(execution_id="a", quantity=4, price=Decimal(1), at=NOW)

    assert told(order, fill_event(order, fill))["event"] == "order:partially_filled"


def test_a_rejection_says_why_and_by_whom():
    event = an_event(OrderStatus.REJECTED, reason="no such share", refused_by=RefusedBy.BROKER)

    assert told(an_ordinary_order(), event) == {
        "event": "order:rejected",
        **COMMON,
        "reason": "no such share",
        "refused_by": "broker",
    }


def test_a_rejection_by_nobody_in_particular_is_the_systems():
    document = told(an_ordinary_order(), an_event(OrderStatus.REJECTED, reason="never arrived"))

    assert document["refused_by"] == "system"


def test_a_cancelled_order_says_how_much_of_it_was_filled():
    order = an_ordinary_order()
    fill = Fill(execution_id="a", quantity=4, price=Decimal(1), at=NOW)
    order = advance(order, fill_event(order, fill))

    document = told(order, an_event(OrderStatus.CANCELLED, reason="kill switch"))

    assert document == {
        "event": "order:cancelled",
        **COMMON,
        "reason": "kill switch",
        "filled_quantity": 4,
    }


def test_an_order_that_expired_at_the_broker_is_cancelled():
    order = advance(an_ordinary_order(), an_event(OrderStatus.SUBMITTED))

    document = told(order, an_event(OrderStatus.EXPIRED, reason="the session ended"))
    assert document["event"] == "order:cancelled"


def test_an_order_that_expired_waiting_for_a_human_is_rejected():
    order = an_ordinary_order(status=OrderStatus.AWAITING_APPROVAL)

    document = told(order, an_event(OrderStatus.EXPIRED, reason="nobody approved it"))

    assert (document["event"], document["refused_by"]) == ("order:rejected", "system")


@pytest.mark.parametrize("status", [OrderStatus.UNKNOWN, OrderStatus.PENDING])
def test_what_is_ours_alone_is_not_told(status):
    order = an_ordinary_order(status=OrderStatus.PENDING)

    assert announcement(order, an_event(status)) is None


@pytest.mark.parametrize(
    ("direction", "side"),
    [(Direction.LONG, "BUY"), (Direction.SHORT, "SELL"), (Direction.FLAT, "SELL")],
)
def test_a_signal_that_became_no_order_is_rejected_without_an_order_id(direction, side):
    signal = a_received_signal(direction=direction)
    event = OrderRejected(
        order=OrderSummary.of_signal(signal, simulated=True),
        reason="no cash",
        refused_by=RefusedBy.RISK,
        at=NOW,
    )

    assert json.loads(encode_event(event)) == {
        "event": "order:rejected",
        **COMMON,
        "order_id": None,
        "side": side,
        "quantity": None,
        "reason": "no cash",
        "refused_by": "risk",
    }


def test_an_order_that_waits_for_a_human_is_told():
    order = an_ordinary_order(side=Side.SELL, simulated=False)
    event = ApprovalRequired(order=OrderSummary.of(order), reason="above 1 % of ADV", at=NOW)

    assert json.loads(encode_event(event)) == {
        "event": "order:approval_required",
        **COMMON,
        "side": "SELL",
        "simulated": False,
        "reason": "above 1 % of ADV",
    }


def test_an_alert_has_the_shape_of_the_specification():
    alert = RiskAlert(
        type="portfolio_drawdown",
        severity=Severity.HIGH,
        value=Decimal("12.5"),
        threshold=Decimal("10.0"),
        message="12.5 % below the peak",
        at=NOW.astimezone(timezone(timedelta(hours=-5))),
    )

    assert alert.channel == "risk"
    assert encode_event(alert) == (
        '{"event":"risk:alert","type":"portfolio_drawdown","severity":"high","value":12.5,'
        '"threshold":10.0,"message":"12.5 % below the peak","timestamp":"2016-01-08T15:00:00Z"}'
    )


def test_an_alert_about_one_of_several_names_it_last():
    alert = RiskAlert(
        type="position_limit",
        severity=Severity.WARNING,
        value=Decimal(6),
        threshold=Decimal(5),
        message="AAPL in % of equity is 6, above 5",
        at=NOW,
        subject="AAPL",
    )

    document = json.loads(encode_event(alert))
    assert list(document.items())[-1] == ("subject", "AAPL")


def test_a_breaker_that_could_not_measure_says_null():
    event = CircuitBreakerTripped(
        breaker="vix", value=None, threshold=Decimal(35), reason="VIX unknown", at=NOW
    )

    assert event.channel == "risk"
    assert json.loads(encode_event(event)) == {
        "event": "risk:circuit_breaker",
        "breaker": "vix",
        "value": None,
        "threshold": 35.0,
        "reason": "VIX unknown",
        "timestamp": "2016-01-08T15:00:00Z",
    }


@pytest.mark.parametrize(
    ("is_active", "name"), [(True, "kill_switch:activated"), (False, "kill_switch:deactivated")]
)
def test_the_kill_switch_says_who_and_why(is_active, name):
    event = KillSwitchChanged(is_active=is_active, by="operator", reason="a test", at=NOW)

    assert event.channel == "kill_switch"
    assert json.loads(encode_event(event)) == {
        "event": name,
        "by": "operator",
        "reason": "a test",
        "timestamp": "2016-01-08T15:00:00Z",
    }


@given(cents=st.integers(1, 10**13))
def test_money_is_told_in_its_own_digits(cents):
    price = Decimal(cents) / 100
    fill = Fill(execution_id="a", quantity=1, price=price, at=NOW)
    order = an_ordinary_order()
    event = fill_event(order, fill)

    text = encode_event(announcement(advance(order, event), event))

    assert json.loads(text, parse_float=Decimal)["fill_price"] == price
