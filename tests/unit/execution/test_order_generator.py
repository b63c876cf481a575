from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.orders import Hold, OrderPurpose, OrderStatus, OrderType, RefusedBy, Side
from alpha_oracle.domain.received_signals import WinStatistics
from alpha_oracle.domain.signals import Direction
from alpha_oracle.execution.exits import ExitReason, exit_of
from alpha_oracle.execution.identity import exit_order_id, slice_order_id
from alpha_oracle.execution.order_generator import OrderGenerator, kelly_fraction
from alpha_oracle.execution.order_requests import (
    OrderRequest,
    Refusal,
    RefusalReason,
    StrategyTerms,
    expired,
    nothing_held,
    order_of,
    slice_order,
)
from alpha_oracle.execution.router import Route
from alpha_oracle.execution.twap import SendSlice
from alpha_oracle.risk.commissions import Commission, order_commission
from tests.trading import COMMISSION, NOW, TODAY, WINDOW, a_quote
from tests.unit.execution.positions import (
    EDGE,
    HOLD,
    YESTERDAY,
    a_lot,
    a_received_signal,
    entry_facts,
)
from tests.unit.risk.schedules import SCHEDULES

FREE = Commission(Decimal(0), Decimal(0), Decimal(100), Decimal(0), Decimal(0))
GENERATOR = OrderGenerator(
    max_position_pct=Decimal(5), min_cash_pct=Decimal(10), commission=COMMISSION
)
SIX_FIELDS = {"hold": None, "reference_price": None, "statistics": None}


def requested(signal=None, **facts):
    request = GENERATOR.entry(signal or a_received_signal(), entry_facts(**facts))
    assert isinstance(request, OrderRequest)
    return request


def refused(signal=None, **facts):
    refusal = GENERATOR.entry(signal or a_received_signal(), entry_facts(**facts))
    assert isinstance(refusal, Refusal)
    return refusal


def statistics(win_rate, ratio):
    return WinStatistics(
        win_rate=Decimal(win_rate), avg_win_loss_ratio=None if ratio is None else Decimal(ratio)
    )


def test_a_strong_edge_buys_up_to_the_cap():
    request = requested()

    # 5 % of 100,000 USD at 100 USD.
    assert (request.side, request.quantity, request.purpose) == (Side.BUY, 50, OrderPurpose.ENTRY)
    assert (request.account, request.session, request.hold) == ("paper", TODAY, HOLD)
    assert (request.signal_id, request.reference_price) == ("signal-1", Decimal("99.5"))


def test_a_small_edge_buys_half_kelly():
    # (0.51 - 0.49 / 1) / 2 = 1 %.
    signal = a_received_signal(statistics=statistics("0.51", "1"))

    assert requested(signal).quantity == 10


@pytest.mark.parametrize(
    ("win_rate", "ratio", "fraction"),
    [
        pytest.param("0.6", "2", "0.2", id="an edge"),
        pytest.param("0.08", None, "0.04", id="no loser"),
        pytest.param("0", None, "0", id="no winner"),
        pytest.param("0.5", "1", "0", id="a fair coin"),
    ],
)
def test_kelly_is_halved(win_rate, ratio, fraction):
    assert kelly_fraction(statistics(win_rate, ratio)) == Decimal(fraction)


def test_shares_are_paid_at_the_ask():
    quote = a_quote(bid=Decimal(90), ask=Decimal(110))

    assert requested(quote=quote).quantity == 45


def test_the_same_signal_is_the_same_order_and_another_is_another():
    first = requested()

    assert requested(equity_usd=Decimal(50_000)).order_id == first.order_id
    assert len(first.order_id) == 32
    assert requested(a_received_signal(signal_id="signal-2")).order_id != first.order_id


def test_two_accounts_given_one_signal_have_two_orders():
    signal = a_received_signal()
    paper = GENERATOR.entry(signal, entry_facts(account="paper"))
    live = GENERATOR.entry(signal, entry_facts(account="U1"))

    assert paper.order_id != live.order_id


def test_what_a_signal_does_not_say_its_strategy_does():
    terms = StrategyTerms(statistics=EDGE, is_eligible=True, hold=Hold(min_days=3, max_days=10))

    request = requested(a_received_signal(**SIX_FIELDS), terms=terms)

    assert request.quantity == 50
    assert request.hold == terms.hold
    assert request.reference_price == 99


def test_what_a_signal_says_counts_before_its_strategys_ranking():
    terms = StrategyTerms(statistics=statistics("0.1", "1"), is_eligible=False, hold=HOLD)

    assert requested(terms=terms).quantity == 50


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        pytest.param(StrategyTerms(), RefusalReason.NO_STATISTICS, id="unknown strategy"),
        pytest.param(
            StrategyTerms(statistics=EDGE, hold=HOLD), RefusalReason.NOT_ELIGIBLE, id="below"
        ),
        pytest.param(
            StrategyTerms(statistics=EDGE, is_eligible=True), RefusalReason.NO_HOLD, id="no hold"
        ),
    ],
)
def test_a_signal_of_six_fields_needs_a_strategy_known_and_eligible(terms, reason):
    refusal = refused(a_received_signal(**SIX_FIELDS), terms=terms)

    assert (refusal.reason, refusal.refused_by) == (reason, RefusedBy.RISK)
    assert "MomentumStrategy" in refusal.detail


def test_without_an_edge_there_is_no_order():
    refusal = refused(a_received_signal(statistics=statistics("0.4", "1")))

    assert refusal.reason is RefusalReason.NO_EDGE
    assert "-0.1000" in refusal.detail


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        pytest.param({"equity_usd": None}, ("equity",), id="equity"),
        pytest.param({"free_cash_usd": None}, ("cash",), id="cash"),
        pytest.param({"quote": None}, ("ask price",), id="no quote"),
        pytest.param({"quote": a_quote(ask=None)}, ("ask price",), id="half a quote"),
        pytest.param(
            {"equity_usd": None, "quote": None}, ("equity", "ask price"), id="more than one"
        ),
    ],
)
def test_what_is_unknown_is_named(facts, missing):
    refusal = refused(**facts)

    assert (refusal.reason, refusal.missing) == (RefusalReason.UNKNOWN_FACT, missing)
    assert refusal.detail == f"{' and '.join(missing)} unknown; no order"


def test_what_buys_no_whole_share_is_too_small():
    assert refused(equity_usd=Decimal(1999)).reason is RefusalReason.TOO_SMALL
    assert requested(equity_usd=Decimal(2000)).quantity == 1


@pytest.mark.parametrize(
    ("free_cash", "quantity"),
    [
        pytest.param("15001", 50, id="enough, commission too"),
        pytest.param("15000.99", 49, id="a cent short of the commission"),
        pytest.param("10101", 1, id="enough for one"),
    ],
)
def test_cash_is_spent_down_to_the_reserve(free_cash, quantity):
    assert requested(free_cash_usd=Decimal(free_cash)).quantity == quantity


@pytest.mark.parametrize("free_cash", ["10100.99", "10000", "0", "-5"])
def test_without_cash_above_the_reserve_there_is_no_order(free_cash):
    refusal = refused(free_cash_usd=Decimal(free_cash))

    assert (refusal.reason, refusal.refused_by) == (RefusalReason.NO_CASH, RefusedBy.RISK)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"lot": a_lot()}, RefusalReason.ALREADY_HELD, id="held"),
        pytest.param({"lot": a_lot(quantity=-1)}, RefusalReason.ALREADY_HELD, id="oversold"),
        pytest.param(
            {"lot": a_lot(quantity=0, last_traded=TODAY)},
            RefusalReason.SOLD_THIS_SESSION,
            id="sold at this open",
        ),
        pytest.param({"is_working": True}, RefusalReason.ALREADY_WORKING, id="being bought"),
    ],
)
def test_what_is_held_sold_today_or_being_bought_is_not_bought(facts, reason):
    refusal = refused(**facts)

    assert (refusal.reason, refusal.refused_by) == (reason, RefusedBy.SYSTEM)


def test_what_was_sold_in_a_session_before_is_bought_again():
    assert requested(lot=a_lot(quantity=0, last_traded=YESTERDAY)).quantity == 50


@pytest.mark.parametrize("direction", [Direction.SHORT, Direction.FLAT])
def test_a_wish_to_leave_is_no_entry(direction):
    with pytest.raises(ValueError, match="is no entry"):
        GENERATOR.entry(a_received_signal(direction=direction), entry_facts())


def test_a_lot_that_is_due_becomes_a_sale():
    due = exit_of(a_lot(), ExitReason.END_OF_LIFE, sellable=60)

    request = GENERATOR.exit(due, TODAY, signal_id=None, reference_price=Decimal(98))

    assert (request.side, request.quantity) == (Side.SELL, 60)
    assert (request.purpose, request.hold) == (OrderPurpose.PROTECTIVE, None)
    assert (request.strategy, request.symbol, request.account) == (
        "MomentumStrategy",
        "AAA",
        "paper",
    )


def test_a_sale_is_one_order_for_a_lot_a_reason_a_session_and_an_attempt():
    lot = a_lot()

    def order_id(lot=lot, *, reason=ExitReason.STRATEGY, session=TODAY, attempt=0):
        return exit_order_id(lot, reason=reason, session=session, attempt=attempt)

    assert order_id() == order_id(replace(lot, quantity=7))
    others = {
        order_id(reason=ExitReason.OPERATOR),
        order_id(session=YESTERDAY),
        order_id(a_lot(opened=WINDOW[1])),
        order_id(a_lot(strategy="Another")),
        order_id(attempt=1),
    }
    assert len(others | {order_id()}) == 6


def test_an_order_is_worked_by_its_route():
    route = Route(order_type=OrderType.LIMIT, limit_price=Decimal(100), reason="medium")

    order = order_of(
        requested(),
        route,
        status=OrderStatus.AWAITING_APPROVAL,
        simulated=True,
        arrival_price=Decimal("99.995"),
        at=NOW,
    )

    assert (order.order_type, order.limit_price) == (OrderType.LIMIT, 100)
    assert (order.status, order.quantity) == (OrderStatus.AWAITING_APPROVAL, 50)
    assert (order.reference_price, order.arrival_price) == (Decimal("99.5"), Decimal("99.995"))
    assert order.hold == HOLD


def test_a_slice_is_its_parents_but_for_its_size_and_price():
    route = Route(order_type=OrderType.TWAP, limit_price=None, reason="large")
    parent = order_of(
        requested(),
        route,
        status=OrderStatus.PENDING,
        simulated=True,
        arrival_price=Decimal(100),
        at=NOW,
    )

    child = slice_order(
        parent,
        SendSlice(number=2, quantity=10),
        limit_price=Decimal(101),
        arrival_price=Decimal("100.5"),
        at=NOW,
    )

    assert child == replace(
        parent,
        order_id=slice_order_id(parent.order_id, 2),
        quantity=10,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(101),
        arrival_price=Decimal("100.5"),
        parent_id=parent.order_id,
        slice_number=2,
    )
    assert slice_order_id(parent.order_id, 1) != child.order_id


def test_a_signal_that_came_too_late_or_for_nothing_says_so():
    late, idle = expired(a_received_signal()), nothing_held(a_received_signal())

    assert (late.reason, late.refused_by) == (RefusalReason.EXPIRED, RefusedBy.SYSTEM)
    assert "2016-01-08T20:45:00+00:00" in late.detail
    assert (idle.reason, idle.refused_by) == (RefusalReason.NOTHING_HELD, RefusedBy.SYSTEM)
    assert "MomentumStrategy holds no AAA" in idle.detail


MONEY = st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)
TENTHS = st.integers(0, 1000).map(lambda tenths: Decimal(tenths) / 10)


@given(
    equity=MONEY,
    cash=MONEY,
    ask=MONEY,
    win_rate=st.integers(0, 100).map(lambda percent: Decimal(percent) / 100),
    ratio=st.none() | st.integers(0, 500).map(lambda tenths: Decimal(tenths) / 10),
    cap=TENTHS,
    reserve=TENTHS,
    schedule=SCHEDULES,
)
def test_a_size_exceeds_neither_half_kelly_nor_the_cap_nor_the_cash(
    *, equity, cash, ask, win_rate, ratio, cap, reserve, schedule
):
    generator = OrderGenerator(max_position_pct=cap, min_cash_pct=reserve, commission=schedule)
    stats = WinStatistics(win_rate=win_rate, avg_win_loss_ratio=ratio)
    facts = entry_facts(
        equity_usd=equity, free_cash_usd=cash, quote=a_quote(bid=ask, ask=ask, last=ask)
    )

    request = generator.entry(a_received_signal(statistics=stats), facts)

    if isinstance(request, OrderRequest):
        notional = request.quantity * ask
        assert request.quantity >= 1
        assert notional <= equity * min(kelly_fraction(stats), cap / 100) * (1 + Decimal("1e-11"))
        paid = notional + order_commission(request.quantity, ask, schedule)
        assert paid <= cash - equity * reserve / 100


def test_nothing_is_charged_where_the_schedule_is_free():
    generator = replace(GENERATOR, commission=FREE)

    request = generator.entry(a_received_signal(), entry_facts(free_cash_usd=Decimal(15_000)))

    assert isinstance(request, OrderRequest)
    assert request.quantity == 50
