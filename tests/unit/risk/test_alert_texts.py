"""What people read of an event."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import RefusedBy, Side
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import (
    ApprovalRequired,
    CircuitBreakerTripped,
    KillSwitchChanged,
    OrderRejected,
    OrderSubmitted,
    OrderSummary,
    RiskAlert,
    encode_event,
)
from alpha_oracle.risk.alert_advice import next_step
from alpha_oracle.risk.alert_texts import notice_of

NOW = datetime(2016, 6, 1, 14, 30, 5, tzinfo=UTC)
ORDER = OrderSummary(
    order_id="order-1",
    signal_id="signal-1",
    symbol="AAPL",
    side=Side.BUY,
    quantity=10,
    strategy="MomentumStrategy",
    simulated=True,
)


def told(event):
    return notice_of(json.loads(encode_event(event)))


def an_alert(kind="portfolio_drawdown", message="12.5 % below the peak", **changes):
    given = {
        "severity": Severity.HIGH,
        "value": Decimal("12.5"),
        "threshold": Decimal(10),
        "at": NOW,
    }
    return RiskAlert(type=kind, message=message, **given | changes)


def a_rejection(by=RefusedBy.BROKER, symbol="AAPL", reason="no shares to borrow"):
    order = OrderSummary(
        **{name: getattr(ORDER, name) for name in ORDER.__slots__} | {"symbol": symbol}
    )
    return OrderRejected(order=order, reason=reason, refused_by=by, at=NOW)


def test_an_alert_says_how_bad_what_how_much_and_what_to_do():
    notice = told(an_alert())
    assert notice.text.splitlines() == [
        "HIGH: portfolio drawdown",
        "12.5 % below the peak",
        "Measured: 12.5, bound 10",
        f"Next: {next_step('portfolio_drawdown')}",
        "2016-06-01 10:30:05 New York",
    ]
    assert notice.severity is Severity.HIGH


def test_what_could_not_be_measured_is_said_to_be_unknown():
    assert (
        "Measured: unknown, bound 35"
        in told(
            CircuitBreakerTripped(
                breaker="vix", value=None, threshold=Decimal(35), reason="unknown: VIX", at=NOW
            )
        ).text
    )


def test_what_has_no_measure_shows_none():
    assert "Measured" not in told(an_alert(value=None, threshold=None)).text


def test_an_activation_says_by_whom_why_and_how_trading_goes_on():
    notice = told(KillSwitchChanged(is_active=True, by="jane", reason="looks odd", at=NOW))
    assert "activated by jane: looks odd" in notice.text
    assert "alpha-oracle kill resume" in notice.text
    assert (notice.severity, notice.is_over) == (Severity.HIGH, False)


def test_a_resume_ends_what_the_activation_began():
    begun = told(KillSwitchChanged(is_active=True, by="jane", reason="", at=NOW))
    ended = told(KillSwitchChanged(is_active=False, by="joe", reason="", at=NOW))
    assert "resumed by joe" in ended.text
    assert ended.is_over
    assert ended.subject == begun.subject


def test_an_approval_is_told_with_the_verbs_that_decide_it():
    notice = told(ApprovalRequired(order=ORDER, reason="above 1 % of ADV", at=NOW))
    assert "BUY 10 AAPL (MomentumStrategy, order-1)" in notice.text
    assert "above 1 % of ADV" in notice.text
    assert "`alpha-oracle approvals approve order-1`" in notice.text
    assert "`alpha-oracle approvals reject order-1`" in notice.text
    assert notice.text.endswith(", simulated")
    assert notice.is_once


@pytest.mark.parametrize(
    ("by", "who"),
    [
        (RefusedBy.BROKER, "the broker"),
        (RefusedBy.RISK, "the risk checks"),
        (RefusedBy.SYSTEM, "the system"),
    ],
)
def test_a_rejection_says_who_refused_and_why(by, who):
    notice = told(a_rejection(by))
    assert f"was refused by {who}: no shares to borrow" in notice.text
    assert notice.severity is Severity.WARNING


def test_an_operator_is_not_told_what_he_did_himself():
    assert told(a_rejection(RefusedBy.OPERATOR)) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (a_rejection(), a_rejection(symbol="MSFT"), False),
        (a_rejection(RefusedBy.RISK), a_rejection(RefusedBy.RISK, symbol="MSFT"), True),
        (an_alert(), an_alert(message="13.1 % below the peak"), True),
        (an_alert(), an_alert("portfolio_daily_loss"), False),
        (an_alert(message="order a1f: lost"), an_alert(message="order b1f: lost"), False),
        (an_alert(subject="AAPL"), an_alert(subject="MSFT"), False),
        (an_alert(subject="AAPL"), an_alert(message="else", subject="AAPL"), True),
    ],
    ids=[
        "another symbol at the broker",
        "another symbol at the risk checks",
        "another number",
        "another type",
        "another order",
        "another subject",
        "other words of a subject",
    ],
)
def test_news_is_the_same_or_other(one, other, is_same):
    assert (told(one).key == told(other).key) == is_same


def test_a_breaker_says_again_what_its_alert_said():
    alert = told(an_alert("vix", "VIX is 36.10, bound 35.00"))
    breaker = told(
        CircuitBreakerTripped(
            breaker="vix",
            value=Decimal("36.1"),
            threshold=Decimal(35),
            reason="VIX is 36.10, bound 35.00",
            at=NOW,
        )
    )
    assert breaker.key == alert.key
    assert breaker.is_echo


def test_what_is_well_again_ends_all_about_its_subject():
    notice = told(an_alert("well_again", "the feed is well again", subject="part feed"))
    assert (notice.is_over, notice.subject, notice.severity) == (True, "part feed", None)
    assert notice.text.startswith("Info: well again\nthe feed is well again")


def test_an_order_that_goes_its_way_is_nobodys_news():
    assert told(OrderSubmitted(order=ORDER, at=NOW)) is None
    assert notice_of({"event": "signal:generated"}) is None
