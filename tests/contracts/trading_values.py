"""What trading puts on record, each test stating only what it is about."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from alpha_oracle.domain.margin import MarginDeficit
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.orders import Fill, Hold, OrderEvent, OrderStatus
from alpha_oracle.domain.portfolio import AccountState, AppliedAction, Lot
from alpha_oracle.domain.received_signals import ReceivedSignal, WinStatistics
from alpha_oracle.domain.risk import KillSwitchRecord, RiskAction, RiskCheckResult, Severity
from alpha_oracle.domain.signals import Direction
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.domain.trading_records import (
    Approval,
    CascadeRun,
    Change,
    CheckStage,
    DayTradeDecision,
    MalformedSignal,
    Mismatch,
    OperatorRequest,
    OperatorRequestKind,
    OrderQuality,
    Reconciliation,
    SignalOutcome,
    SignalOutcomeKind,
)
from tests.trading import NOW, STRATEGY, SYMBOL, TODAY

ACCOUNT = "paper"
YESTERDAY = TODAY - timedelta(days=1)


def a_received_signal(signal_id="signal-1", **changes):
    """A full LONG of MomentumStrategy in AAA, decided yesterday."""
    ordinary = ReceivedSignal(
        signal_id=signal_id,
        session=YESTERDAY,
        strategy=STRATEGY,
        symbol=SYMBOL,
        direction=Direction.LONG,
        strength=0.1 + 0.2,
        decided_at=NOW - timedelta(hours=17),
        expires_at=NOW + timedelta(hours=5),
        hold=Hold(min_days=2, max_days=10),
        reference_price=Decimal("99.90"),
        statistics=WinStatistics(win_rate=Decimal("0.55"), avg_win_loss_ratio=None),
    )
    return replace(ordinary, **changes)


def a_malformed_signal(**changes):
    """A document that is none."""
    ordinary = MalformedSignal(text="{", source="signals:stream", problem="no JSON document")
    return replace(ordinary, **changes)


def a_change(change_id="change-1", **parts):
    """A change of the account."""
    return Change(change_id=change_id, account=ACCOUNT, at=NOW, **parts)


def an_outcome(signal_id="signal-1", **changes):
    """A signal refused."""
    ordinary = SignalOutcome(
        signal_id=signal_id, kind=SignalOutcomeKind.REFUSED, at=NOW, reason="no cash"
    )
    return replace(ordinary, **changes)


def ordered(signal_id="signal-1", order_id="order-1"):
    """A signal that became an order."""
    return an_outcome(signal_id, kind=SignalOutcomeKind.ORDERED, reason="", order_id=order_id)


def submitted(**changes):
    """A broker has the order."""
    ordinary = OrderEvent(
        event_id="submitted", status=OrderStatus.SUBMITTED, at=NOW, broker_order_id="777"
    )
    return replace(ordinary, **changes)


def a_fill(execution_id="x.01", **changes):
    """Four shares at 100.01 USD, the commission not yet told."""
    ordinary = Fill(execution_id=execution_id, quantity=4, price=Decimal("100.010"), at=NOW)
    return replace(ordinary, **changes)


def executed(fill=None, status=OrderStatus.PARTIALLY_FILLED):
    """The event of a fill."""
    fill = fill or a_fill()
    return OrderEvent(event_id=f"fill:{fill.execution_id}", status=status, at=fill.at, fill=fill)


def a_lot(**changes):
    """Four shares of AAA bought today."""
    ordinary = Lot(
        account=ACCOUNT,
        strategy=STRATEGY,
        symbol=SYMBOL,
        quantity=4,
        opened=TODAY,
        last_traded=TODAY,
        bought=Decimal(4),
        paid_usd=Decimal("401.040"),
        received_usd=Decimal(0),
        hold=Hold(min_days=2, max_days=10),
    )
    return replace(ordinary, **changes)


def a_deficit(**changes):
    """1,200.50 USD too little today, 200 of them by the end of the day."""
    ordinary = MarginDeficit(
        session=TODAY,
        usd=Decimal("1200.50"),
        equity_usd=Decimal(30_000),
        level_usd=Decimal(-200),
    )
    return replace(ordinary, **changes)


def a_state(**changes):
    """100,000 USD and nothing known of the day before."""
    ordinary = AccountState(
        account=ACCOUNT,
        cash_usd=Decimal("100000.000001"),
        peak_equity_usd=Decimal("100000.50"),
        previous_close_equity_usd=None,
        maintenance_margin_usd=Decimal(0),
        at=NOW,
    )
    return replace(ordinary, **changes)


def an_applied_action(*, ex_date=TODAY, cash_usd=Decimal("0.5")):
    """A 3:2 split that made 7 shares of 5 and paid for half a one."""
    action = CorporateAction(
        symbol=SYMBOL, ex_date=ex_date, kind=ActionKind.SPLIT, value=Decimal("1.5"), known_at=NOW
    )
    return AppliedAction(action=action, shares_before=5, shares_after=7, cash_usd=cash_usd, at=NOW)


def a_cascade_run(**changes):
    """Two checks asked of the order, one of which measured something."""
    ordinary = CascadeRun(
        stage=CheckStage.DECISION,
        at=NOW,
        action=RiskAction.APPROVE,
        order_id="order-1",
        signal_id="signal-1",
        verdicts=(
            RiskCheckResult(check="kill_switch", action=RiskAction.APPROVE),
            RiskCheckResult(
                check="position_limit",
                action=RiskAction.REDUCE_SIZE,
                reason='at its "limit" \x00',
                measured=Decimal("1000.10"),
                bound=Decimal(5000),
                quantity=7,
                missing=("sector", "ADV"),
                inputs={
                    "equity": Decimal(100_000),
                    "tiny": Decimal("1E-9"),
                    "wild": Decimal("NaN"),
                    "count": 3,
                    "symbol": "AAA",
                    "is_live": False,
                    "vix": None,
                },
            ),
        ),
    )
    return replace(ordinary, **changes)


def a_day_trade_decision(**changes):
    """The guard lets the order pass."""
    ordinary = DayTradeDecision(
        order_id="order-1",
        symbol=SYMBOL,
        session=TODAY,
        at=NOW,
        action=RiskAction.APPROVE,
        reason="3 day trades are left",
        inputs={"left": 3, "equity": Decimal("100000.5")},
    )
    return replace(ordinary, **changes)


def an_approval(order_id="order-1", **changes):
    """An order that waits for a human for an hour."""
    ordinary = Approval(
        order_id=order_id,
        requested_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        price=Decimal("100.00"),
        reason="1.2 % of ADV",
        checks=("adv", "autonomy"),
    )
    return replace(ordinary, **changes)


def a_quality(order_id="order-1", **changes):
    """An order executed a little worse than hoped."""
    ordinary = OrderQuality(
        order_id=order_id,
        symbol=SYMBOL,
        order_type="LIMIT",
        at=NOW,
        filled_quantity=10,
        average_price=Decimal("100.01"),
        slippage_bps=Decimal("1.5"),
        effective_spread_bps=None,
        shortfall_usd=Decimal("-1.25"),
        acceptance_seconds=0.25,
        fill_seconds=1.5,
    )
    return replace(ordinary, **changes)


def a_reconciliation(**changes):
    """Book and broker differ in one symbol."""
    ordinary = Reconciliation(
        account=ACCOUNT,
        at=NOW,
        occasion="start",
        mismatches=(
            Mismatch(symbol=SYMBOL, book=10, broker=4, price=Decimal("100.5")),
            Mismatch(symbol=Symbol("BRK.B"), book=0, broker=1, price=None),
        ),
        drift_pct=Decimal("0.603"),
        cash_difference_usd=Decimal("-3.10"),
        foreign_orders=("55",),
    )
    return replace(ordinary, **changes)


def a_request(request_id="request-1", **changes):
    """A new peak is asked for."""
    ordinary = OperatorRequest(
        request_id=request_id,
        account=ACCOUNT,
        kind=OperatorRequestKind.RESET_PEAK,
        asked_at=NOW,
        asked_by="me",
    )
    return replace(ordinary, **changes)


def an_alert(message="look here"):
    """A warning."""
    return RiskAlert(
        type="test",
        severity=Severity.WARNING,
        value=Decimal("1.5"),
        threshold=None,
        message=message,
        at=NOW,
    )


def an_activation(**changes):
    """The switch thrown now."""
    ordinary = KillSwitchRecord(is_active=True, activated_at=NOW, changed_by="me", reason="a storm")
    return replace(ordinary, **changes)
