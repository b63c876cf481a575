from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.broker import BrokerAccount, BrokerOrder, BrokerSnapshot
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Fill, OrderStatus, Side
from alpha_oracle.domain.portfolio import AccountState, Lot
from alpha_oracle.execution.acceptance import TAKEN_OVER, Accepted, NotAccepted, accept_broker
from alpha_oracle.execution.book import Book
from alpha_oracle.execution.booking import Execution
from alpha_oracle.execution.reconciliation import BookReconciler, reconcile
from tests.trading import NOW, SYMBOL, TODAY, an_order

OTHER = Symbol("BBB")


def a_lot(quantity, *, symbol=SYMBOL, strategy="MomentumStrategy", days_ago=0):
    return Lot(
        account="paper",
        strategy=strategy,
        symbol=symbol,
        quantity=quantity,
        opened=TODAY - timedelta(days=days_ago),
        last_traded=TODAY,
        bought=Decimal(max(quantity, 1)),
        paid_usd=Decimal(max(quantity, 1) * 100),
        received_usd=Decimal(0),
    )


def a_book(*lots, cash="1000", marks=None, orders=(), executions=()):
    return Book(
        state=AccountState(
            account="paper",
            cash_usd=Decimal(cash),
            peak_equity_usd=Decimal(10_000),
            previous_close_equity_usd=Decimal(10_000),
            maintenance_margin_usd=None,
            at=NOW,
        ),
        lots={lot.key: lot for lot in lots},
        orders={order.order_id: order for order in orders},
        executions={one.fill.stem: one for one in executions},
        marks={SYMBOL: Decimal(100), OTHER: Decimal(50)} if marks is None else marks,
    )


def a_snapshot(positions, *, cash="1000", equity="2000", orders=()):
    return BrokerSnapshot(
        at=NOW,
        account=BrokerAccount(
            account="paper",
            cash=Decimal(cash),
            equity=Decimal(equity),
            maintenance_margin=Decimal(0),
            day_trades_remaining=None,
        ),
        positions={Symbol(symbol): count for symbol, count in positions.items()},
        orders=orders,
        executions=(),
    )


def an_execution(commission):
    fill = Fill(execution_id="x.01", quantity=10, price=Decimal(100), at=NOW, commission=commission)
    return Execution(order_id="order-1", side=Side.BUY, session=TODAY, fill=fill)


def found_of(book, snapshot, **changes):
    asked = {"occasion": "timer", "strangers": ()} | changes
    return reconcile(book, snapshot, **asked)


def test_a_book_that_is_the_brokers_is_green_and_has_no_drift():
    lots = a_lot(6), a_lot(4, strategy="Breakout"), a_lot(0, symbol=OTHER)
    found = found_of(a_book(*lots), a_snapshot({"AAA": 10}))
    assert found.is_green
    assert found.drift_pct == 0
    assert found.cash_difference_usd == 0


def test_drift_is_the_sum_of_what_differs_at_its_price_over_the_smaller_equity():
    book = a_book(a_lot(10), cash="1000")  # 2,000 USD of equity here.
    snapshot = a_snapshot({"AAA": 9, "BBB": 2}, equity="1600")
    found = found_of(book, snapshot)
    assert [(one.symbol, one.book, one.broker) for one in found.mismatches] == [
        ("AAA", 10, 9),
        ("BBB", 0, 2),
    ]
    assert found.drift_pct == Decimal(100 + 2 * 50) / 1600 * 100
    assert not found.is_green


@pytest.mark.parametrize(
    ("book", "equity"),
    [
        (a_book(a_lot(10), marks={SYMBOL: Decimal(100)}), "2000"),
        (a_book(cash="-5"), "0"),
    ],
    ids=["no price of what differs", "no equity above zero"],
)
def test_drift_is_unknown_without_a_price_or_an_equity(book, equity):
    found = found_of(book, a_snapshot({"AAA": 10, "BBB": 2}, equity=equity))
    assert found.drift_pct is None
    assert not found.is_green


def test_a_stranger_under_our_id_is_not_green_though_all_shares_agree():
    found = found_of(a_book(), a_snapshot({}), strangers={"z", "y"})
    assert found.strangers == ("y", "z")
    assert not found.is_green


def told_of(book, snapshot, *, max_drift_pct="1"):
    reconciler = BookReconciler(max_drift_pct=Decimal(max_drift_pct))
    events = reconciler(book, snapshot, occasion="start", strangers=())[1]
    return {event.type: event for event in events}


@pytest.mark.parametrize(
    ("positions", "marks", "severity"),
    [
        ({"AAA": 1001}, None, "warning"),
        ({"AAA": 1020}, None, "high"),
        ({"AAA": 1000, "CCC": 1}, None, "high"),
    ],
    ids=["below its bound", "on its bound", "unknown"],
)
def test_any_mismatch_alerts_and_a_drift_from_its_bound_on_is_high(positions, marks, severity):
    book = a_book(a_lot(1000), cash="100000", marks=marks)
    alert = told_of(book, a_snapshot(positions, cash="100000", equity="200000"))
    assert alert["reconciliation_mismatch"].severity == severity


def test_what_was_found_is_told_once_until_something_else_is():
    reconciler = BookReconciler(max_drift_pct=Decimal(1))
    book = a_book(a_lot(10))

    def tell(positions):
        found = reconciler(book, a_snapshot(positions), occasion="timer", strangers=())
        return [event.type for event in found[1]]

    assert tell({"AAA": 9}) == ["reconciliation_mismatch"]
    assert tell({"AAA": 9}) == []
    assert tell({"AAA": 8}) == ["reconciliation_mismatch"]
    assert tell({"AAA": 10}) == []
    assert tell({"AAA": 8}) == ["reconciliation_mismatch"]


def test_an_alert_names_ten_symbols_and_counts_the_rest():
    positions = {f"S{number:02}": 1 for number in range(12)}
    message = told_of(a_book(), a_snapshot(positions))["reconciliation_mismatch"].message
    assert "S09 0 here, 1 there and 2 more" in message


def test_another_cash_is_told_but_not_while_a_commission_is_on_its_way():
    snapshot = a_snapshot({}, cash="999.00")
    told = told_of(a_book(executions=[an_execution(Decimal(1))]), snapshot)
    assert told["cash_difference"].value == -1
    assert told_of(a_book(executions=[an_execution(None)]), snapshot) == {}


def test_orders_of_other_clients_are_reported_and_no_mismatch():
    foreign = BrokerOrder(
        order_id=None,
        broker_order_id="77",
        symbol=OTHER,
        side=Side.BUY,
        quantity=1,
        filled_quantity=0,
        status=OrderStatus.SUBMITTED,
        is_ours=False,
    )
    snapshot = a_snapshot({}, orders=(foreign, replace(foreign, is_ours=True)))
    assert found_of(a_book(), snapshot).foreign_orders == ("77",)
    assert found_of(a_book(), snapshot).is_green
    assert told_of(a_book(), snapshot)["foreign_orders"].severity == "warning"
    ended = replace(foreign, status=OrderStatus.FILLED)
    assert found_of(a_book(), a_snapshot({}, orders=(ended,))).foreign_orders == ()


def accepted(book, snapshot):
    return accept_broker(book, snapshot, doubts=(), session=TODAY, now=NOW)


def after(book, snapshot):
    taken = accepted(book, snapshot)
    assert isinstance(taken, Accepted)
    lots = book.lots | {lot.key: lot for lot in taken.lots}
    return replace(book, lots=lots, state=taken.state), taken


def test_what_the_broker_lacks_is_taken_from_the_newest_lots():
    old, new = a_lot(6, days_ago=3), a_lot(4, strategy="Breakout")
    book, taken = after(a_book(old, new), a_snapshot({"AAA": 5}, cash="900"))
    assert found_of(book, a_snapshot({"AAA": 5}, cash="900")).is_green
    assert book.lots[old.key].quantity == 5
    assert book.lots[new.key].quantity == 0
    assert book.state.cash_usd == 900
    assert "AAA by Breakout now 0" in taken.told


def test_what_the_broker_has_beside_comes_into_a_lot_without_a_hold():
    snapshot = a_snapshot({"AAA": 12, "BBB": 3})
    book, taken = after(a_book(a_lot(10)), snapshot)
    assert found_of(book, snapshot).is_green
    own = [lot for lot in taken.lots if lot.strategy == TAKEN_OVER]
    assert [(lot.symbol, lot.quantity, lot.paid_usd, lot.hold) for lot in own] == [
        ("AAA", 2, 200, None),
        ("BBB", 3, 150, None),
    ]


def test_what_was_taken_over_before_grows_and_a_lot_below_zero_is_none_after():
    held = a_lot(2, strategy=TAKEN_OVER, days_ago=1)
    snapshot = a_snapshot({"AAA": 5})
    book, _ = after(a_book(held, a_lot(-3)), snapshot)
    assert found_of(book, snapshot).is_green
    assert sorted(lot.quantity for lot in book.lots.values()) == [0, 5]


def test_taking_over_what_agrees_changes_no_lot():
    assert after(a_book(a_lot(10)), a_snapshot({"AAA": 10}))[1].lots == ()


@pytest.mark.parametrize(
    ("book", "positions", "reason"),
    [
        (a_book(), {"AAA": -1}, "short of AAA"),
        (a_book(orders=[an_order()]), {}, "orders are open"),
        (a_book(executions=[an_execution(None)]), {}, "commissions of 1 executions"),
    ],
    ids=["a short position", "open orders", "commissions to come"],
)
def test_the_brokers_truth_is_not_taken_over_while_it_may_change_or_cannot_be_held(
    book, positions, reason
):
    refused = accepted(book, a_snapshot(positions))
    assert isinstance(refused, NotAccepted)
    assert reason in refused.reason
