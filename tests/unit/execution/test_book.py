from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.orders import Fill, OrderEvent, OrderStatus, OrderType, Side, advance
from alpha_oracle.domain.portfolio import AccountState, LotKey, adjust_lot
from alpha_oracle.execution.book import Book
from alpha_oracle.execution.booking import BookChange, BreachKind, executions_of
from tests.trading import (
    COMMISSION,
    NOW,
    STRATEGY,
    SYMBOL,
    TODAY,
    WINDOW,
    an_exit,
    an_order,
    sum_exposure,
)
from tests.unit.execution.positions import HOLD, YESTERDAY, a_lot

KEY = LotKey(STRATEGY, SYMBOL)
STATE = AccountState(
    account="paper",
    cash_usd=Decimal(10_000),
    peak_equity_usd=Decimal(10_000),
    previous_close_equity_usd=Decimal(10_000),
    maintenance_margin_usd=Decimal(0),
    at=NOW,
)


def a_fill(execution_id="e", quantity=10, price="100", commission=None):
    return Fill(
        execution_id=execution_id,
        quantity=quantity,
        price=Decimal(price),
        at=NOW,
        commission=None if commission is None else Decimal(commission),
    )


def a_book(*orders, lots=(), **changes):
    return Book(
        state=STATE,
        lots={lot.key: lot for lot in lots},
        orders={order.order_id: order for order in orders},
        **changes,
    )


def an_entry(**changes):
    return an_order(**{"hold": HOLD, "status": OrderStatus.SUBMITTED, **changes})


def filled(book, *fills, order_id="order-1"):
    for fill in fills:
        change = book.on_fill(order_id, fill)
        book.apply(change)
    return change


def held(book):
    lot = book.lots[KEY]
    return lot.quantity, lot.cost_basis_usd, book.state.cash_usd


def kinds(change):
    return [breach.kind for breach in change.breaches]


def test_an_entry_opens_the_lot_of_its_strategy():
    book = a_book(an_entry())

    change = filled(book, a_fill(quantity=10, price="99.50", commission="1"))

    lot = book.lots[KEY]
    assert (lot.account, lot.opened, lot.last_traded, lot.hold) == ("paper", TODAY, TODAY, HOLD)
    assert held(book) == (10, 996, 9004)
    assert book.orders["order-1"].status is OrderStatus.FILLED
    assert change.breaches == ()


def test_a_change_does_nothing_before_it_is_applied():
    book = a_book(an_entry())

    book.on_fill("order-1", a_fill())

    assert book == a_book(an_entry())


def test_a_change_says_what_is_to_be_committed():
    change = a_book(an_entry()).on_fill("order-1", a_fill(quantity=4, price="100"))

    assert [(order_id, event.event_id) for order_id, event in change.events] == [
        ("order-1", "fill:e")
    ]
    assert [order.filled_quantity for order in change.orders] == [4]
    assert change.cash_usd == -400
    assert change.execution is not None
    assert change.execution.fill == a_fill(quantity=4, price="100")


def test_parts_add_to_the_lot():
    book = a_book(an_entry(quantity=10))

    filled(book, a_fill("a", 4, "100"), a_fill("b", 6, "110"))

    assert held(book) == (10, 1060, 8940)


def test_an_exit_closes_a_part_of_its_lot_and_then_the_rest():
    book = a_book(an_exit(quantity=100), lots=[a_lot(quantity=100)])

    filled(book, a_fill("a", 40, "110", "2"))
    assert held(book) == (60, 6000, 14_398)
    assert (book.lots[KEY].opened, book.lots[KEY].last_traded) == (WINDOW[0], TODAY)

    change = filled(book, a_fill("b", 60, "110"))
    assert held(book) == (0, 0, 20_998)
    assert book.lots[KEY].received_usd - book.lots[KEY].paid_usd == 998
    assert change.breaches == ()


def test_each_strategy_has_its_own_lot_of_a_symbol():
    other = a_lot(strategy="Another", quantity=7)
    book = a_book(an_entry(), lots=[other])

    filled(book, a_fill())

    assert book.shares() == {KEY: 10, LotKey("Another", SYMBOL): 7}


def test_a_commission_that_comes_later_is_paid_once():
    book = a_book(an_entry())
    filled(book, a_fill())

    change = filled(book, a_fill(commission="1.25"))
    assert held(book) == (10, Decimal("1001.25"), Decimal("8998.75"))
    assert change.events == ()

    filled(book, a_fill(commission="1.25"), a_fill())
    assert held(book) == (10, Decimal("1001.25"), Decimal("8998.75"))


def test_a_commission_may_come_after_the_order_is_filled_without_a_breach():
    book = a_book(an_entry(quantity=10))
    filled(book, a_fill("a", 6), a_fill("b", 6))

    assert kinds(filled(book, a_fill("a", 6, commission="1"))) == []


def test_a_correction_takes_the_place_of_what_it_corrects():
    book = a_book(an_entry())
    filled(book, a_fill("x.01", 10, "100", "1"))

    change = filled(book, a_fill("x.02", 9, "101", "1"))

    assert held(book) == (9, 910, 9090)
    assert [event.fill.execution_id for event in change.orders[0].history] == ["x.01", "x.02"]
    assert book.executions["x"].fill.execution_id == "x.02"


def test_an_earlier_revision_told_late_is_on_record_and_changes_nothing_else():
    book = a_book(an_entry())
    filled(book, a_fill("x.02", 9, "101"))
    before = held(book)

    change = filled(book, a_fill("x.01", 10, "100"))

    assert held(book) == before
    assert (change.lot, change.execution, change.cash_usd) == (None, None, 0)
    assert [event.event_id for _, event in change.events] == ["fill:x.01"]


def test_an_execution_told_twice_changes_nothing():
    book = a_book(an_entry())
    filled(book, a_fill())

    assert book.on_fill("order-1", a_fill()) == BookChange()


def test_an_execution_told_otherwise_the_second_time_is_a_breach():
    book = a_book(an_entry())
    filled(book, a_fill("e", 5, "100"))
    before = held(book)

    change = filled(book, a_fill("e", 6, "100"))

    assert kinds(change) == [BreachKind.CONTRADICTION]
    assert held(book) == before


def test_an_execution_told_of_two_orders_is_a_breach():
    book = a_book(an_entry(), an_entry(order_id="order-2"))
    filled(book, a_fill())

    change = book.on_fill("order-2", a_fill())

    assert kinds(change) == [BreachKind.CONTRADICTION]
    assert (change.orders, change.lot, change.cash_usd) == ((), None, 0)


def test_an_overfill_is_booked_and_is_a_breach():
    book = a_book(an_entry(quantity=10))

    change = filled(book, a_fill("a", 10), a_fill("b", 5))

    assert held(book) == (15, 1500, 8500)
    assert kinds(change) == [BreachKind.OVERFILL]
    assert "15 shares of 10 AAA" in change.breaches[0].detail


def test_more_sold_than_held_is_booked_and_is_a_breach():
    book = a_book(an_exit(quantity=10), lots=[a_lot(quantity=4)])

    change = filled(book, a_fill(quantity=10))

    assert book.lots[KEY].quantity == -6
    assert kinds(change) == [BreachKind.SOLD_MORE_THAN_HELD]


@pytest.mark.parametrize("status", [OrderStatus.REJECTED, OrderStatus.AWAITING_APPROVAL])
def test_an_execution_of_what_was_never_sent_is_booked_and_is_a_breach(status):
    book = a_book(an_entry(status=status))

    change = filled(book, a_fill(quantity=10))

    assert held(book) == (10, 1000, 9000)
    assert kinds(change) == [BreachKind.FILL_OF_NO_WORKING_ORDER]


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.EXPIRED])
def test_a_fill_that_overtook_an_end_is_no_breach(status):
    book = a_book(an_entry(status=status))

    assert kinds(filled(book, a_fill(quantity=10))) == []
    assert book.lots[KEY].quantity == 10


def test_a_fill_of_an_order_nobody_knows_is_not_booked():
    with pytest.raises(KeyError, match="stranger"):
        a_book().on_fill("stranger", a_fill())


def a_twap(**changes):
    return an_entry(
        order_id="parent", quantity=100, order_type=OrderType.TWAP, limit_price=None, **changes
    )


def a_slice(number, **changes):
    return an_entry(
        order_id=f"slice-{number}", quantity=20, parent_id="parent", slice_number=number, **changes
    )


def test_a_slice_fills_its_parent_and_the_lot_once():
    book = a_book(a_twap(), a_slice(0))

    change = filled(book, a_fill(quantity=20), order_id="slice-0")

    assert held(book) == (20, 2000, 8000)
    assert [order.order_id for order in change.orders] == ["slice-0", "parent"]
    assert book.orders["slice-0"].status is OrderStatus.FILLED
    assert book.orders["parent"].status is OrderStatus.PARTIALLY_FILLED
    assert book.orders["parent"].remaining_quantity == 80


def test_slices_beyond_their_parent_are_a_breach_of_the_parent():
    book = a_book(replace(a_twap(), quantity=30), a_slice(0), a_slice(1))
    filled(book, a_fill("a", 20), order_id="slice-0")

    change = filled(book, a_fill("b", 20), order_id="slice-1")

    assert [(breach.kind, breach.order_id) for breach in change.breaches] == [
        (BreachKind.OVERFILL, "parent")
    ]


def test_slices_come_in_the_order_they_were_sent():
    book = a_book(a_slice(1), a_twap(), a_slice(0), an_entry())

    assert [order.order_id for order in book.slices_of("parent")] == ["slice-0", "slice-1"]


def test_a_twap_is_open_once_for_its_slices():
    book = a_book(
        a_twap(), a_slice(0), an_entry(), an_entry(order_id="x", status=OrderStatus.FILLED)
    )

    assert [order.order_id for order in book.open_orders()] == ["parent", "order-1"]


def test_a_slice_that_outlives_its_parent_is_open_itself():
    book = a_book(replace(a_twap(), status=OrderStatus.CANCELLED), a_slice(0))

    assert [order.order_id for order in book.open_orders()] == ["slice-0"]


def test_what_works_is_known_without_the_closed_and_those_that_wait_for_a_human():
    waiting = an_entry(order_id="w", status=OrderStatus.AWAITING_APPROVAL)
    book = a_book(an_entry(order_id="x", status=OrderStatus.FILLED), waiting, an_entry())

    assert [order.order_id for order in book.working()] == ["order-1"]
    book.keep(replace(waiting, status=OrderStatus.PENDING))
    book.keep(an_entry(status=OrderStatus.CANCELLED))
    assert [order.order_id for order in book.working()] == ["w"]


def test_the_sales_of_a_lot_in_a_session_are_found_in_the_order_they_came():
    book = a_book(
        an_exit(order_id="second", created_at=NOW),
        an_exit(order_id="first", created_at=NOW - timedelta(minutes=1), status=OrderStatus.FILLED),
        an_exit(order_id="before", session=YESTERDAY, status=OrderStatus.FILLED),
        an_exit(order_id="other", symbol=Symbol("BBB")),
        an_exit(order_id="part", parent_id="second", slice_number=0),
        an_entry(),
    )

    assert [order.order_id for order in book.sales_of(KEY, TODAY)] == ["first", "second"]
    book.forget(before=TODAY)
    assert book.sales_of(KEY, YESTERDAY) == []
    assert [order.order_id for order in book.sales_of(KEY, TODAY)] == ["first", "second"]


def committed(book, **asked):
    return {one.order_id: (one.quantity, one.price) for one in book.commitments(**asked)}


def test_open_orders_are_committed_at_their_limit():
    book = a_book(
        an_entry(quantity=10, limit_price=Decimal(101)),
        an_entry(order_id="waits", status=OrderStatus.AWAITING_APPROVAL, quantity=5),
        an_entry(order_id="done", status=OrderStatus.CANCELLED),
    )
    filled(book, a_fill(quantity=4))

    assert committed(book) == {"order-1": (6, 101), "waits": (5, 100)}


def a_market_order(**changes):
    return an_entry(**{"order_type": OrderType.MARKET, "limit_price": None, **changes})


def test_an_order_without_a_limit_is_committed_at_the_dearest_price_known():
    order = a_market_order(arrival_price=Decimal(102), reference_price=Decimal(99))

    assert committed(a_book(order)) == {"order-1": (10, 102)}
    assert committed(a_book(order, marks={SYMBOL: Decimal(103)})) == {"order-1": (10, 103)}


def test_what_is_committed_follows_the_mark_and_what_happens_to_the_order():
    order = a_market_order(arrival_price=Decimal(102), status=OrderStatus.SUBMITTED)
    book = a_book(order)
    assert committed(book) == {"order-1": (10, 102)}

    book.marks[SYMBOL] = Decimal(103)
    assert committed(book) == {"order-1": (10, 103)}
    filled(book, a_fill(quantity=4))
    assert committed(book) == {"order-1": (6, 103)}
    book.marks[SYMBOL] = Decimal(101)
    assert committed(book) == {"order-1": (6, 102)}
    book.keep(replace(book.orders["order-1"], status=OrderStatus.CANCELLED))
    assert committed(book) == {}


def test_what_an_order_commits_is_told_whole_again_after_one_that_was_checked_beside_it():
    parent = a_twap(arrival_price=Decimal(100))
    book = a_book(parent)

    assert committed(book, besides=a_slice(0)) == {"parent": (80, 100)}
    assert committed(book) == {"parent": (100, 100)}


def test_what_a_purchase_without_a_price_commits_is_unknown():
    order = a_market_order(arrival_price=None, reference_price=None)

    assert a_book(order).commitments() is None


def test_a_sale_without_a_price_is_committed_all_the_same():
    order = a_market_order(side=Side.SELL, arrival_price=None, reference_price=None)

    assert committed(a_book(order)) == {"order-1": (10, 0)}


def test_the_order_being_checked_is_no_commitment():
    first, second = an_entry(), an_entry(order_id="order-2")

    assert committed(a_book(first, second), besides=second) == {"order-1": (10, 100)}


def test_a_twap_is_committed_to_what_it_wants_beyond_the_slice_being_checked():
    parent = a_twap(arrival_price=Decimal(100))

    assert committed(a_book(parent), besides=a_slice(0)) == {"parent": (80, 100)}
    last = replace(a_slice(0), quantity=100)
    assert committed(a_book(parent), besides=last) == {}


def test_the_book_feeds_the_sums_of_risk():
    book = a_book(
        an_entry(quantity=10, symbol=Symbol("BBB")),
        an_exit(order_id="exit", quantity=30, status=OrderStatus.SUBMITTED),
        lots=[a_lot(quantity=100)],
    )

    exposure = sum_exposure(
        book.shares(),
        book.commitments(),
        prices={SYMBOL: Decimal(50), Symbol("BBB"): Decimal(100)},
        sectors={},
        commission=COMMISSION,
    )

    assert exposure.by_symbol == {"AAA": 5000, "BBB": 1000}
    assert exposure.reserved_usd == 1001
    assert exposure.sellable[KEY] == 70


def test_equity_is_cash_and_what_is_held_at_its_mark():
    book = a_book(lots=[a_lot(quantity=10)], marks={SYMBOL: Decimal("99.5")})

    assert book.equity_usd() == 10_995


def test_equity_is_unknown_while_a_mark_is():
    book = a_book(lots=[a_lot(), a_lot(symbol=Symbol("BBB")), a_lot(symbol=Symbol("ABC"))])
    book.marks[SYMBOL] = Decimal(1)

    assert book.equity_usd() is None
    assert book.unmarked() == ("ABC", "BBB")


def test_a_lot_sold_out_needs_no_mark():
    assert a_book(lots=[a_lot(quantity=0)]).equity_usd() == 10_000


def test_a_corporate_action_is_applied_like_any_change():
    book = a_book(lots=[a_lot(quantity=10)])
    dividend = CorporateAction(
        symbol=SYMBOL, ex_date=TODAY, kind=ActionKind.DIVIDEND, value=Decimal("0.5"), known_at=NOW
    )
    adjusted = adjust_lot(book.lots[KEY], [dividend], price=Decimal(100))

    book.apply(BookChange(lot=adjusted.lot, cash_usd=adjusted.cash_usd))

    assert book.state.cash_usd == 10_005
    assert book.lots[KEY].received_usd == 5


def test_what_was_closed_in_sessions_before_is_forgotten():
    old = an_entry(order_id="old", session=YESTERDAY, symbol=Symbol("OLD"))
    sold = an_exit(order_id="sold", session=YESTERDAY, status=OrderStatus.SUBMITTED)
    stuck = an_entry(order_id="stuck", session=YESTERDAY, symbol=Symbol("STUCK"), quantity=20)
    book = a_book(old, sold, stuck, an_entry(symbol=Symbol("NEW")), lots=[a_lot(quantity=10)])
    for order_id in ("old", "sold", "stuck", "order-1"):
        filled(book, a_fill(f"of-{order_id}"), order_id=order_id)

    book.forget(before=TODAY)

    assert set(book.orders) == {"stuck", "order-1"}
    assert set(book.executions) == {"of-stuck", "of-order-1"}
    assert {key.symbol for key in book.lots} == {"OLD", "STUCK", "NEW"}


def test_what_was_sold_out_in_this_session_is_remembered():
    book = a_book(an_exit(quantity=100), lots=[a_lot(quantity=100)])
    filled(book, a_fill(quantity=100))

    book.forget(before=TODAY)

    assert book.lots[KEY].quantity == 0


def test_executions_on_record_are_those_the_book_had():
    book = a_book(a_slice(0), a_twap(), an_entry())
    filled(book, a_fill("a.01", 20), a_fill("a.02", 19), order_id="slice-0")
    filled(book, a_fill("b"))

    assert executions_of(book.orders) == book.executions


STEMS = [("buy", "a"), ("buy", "b"), ("buy", "c"), ("sell", "d"), ("sell", "e")]
TELLINGS = st.lists(
    st.tuples(
        st.sampled_from(STEMS),
        st.integers(1, 3),
        st.integers(1, 50),
        st.integers(1, 100_000),
        st.none() | st.integers(0, 500),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda telling: (telling[0], telling[1]),
)


@st.composite
def tellings(draw):
    """Executions, corrections and late commissions, each told once or twice, in two orders."""
    told = []
    for (order_id, stem), revision, quantity, cents, commission in draw(TELLINGS):
        fill = a_fill(f"{stem}.{revision}", quantity, str(Decimal(cents) / 100))
        told.append((order_id, fill))
        if commission is not None:
            told.append((order_id, replace(fill, commission=Decimal(commission) / 100)))
    told += draw(st.lists(st.sampled_from(told), max_size=5))
    return told, draw(st.permutations(told))


def booked(told):
    book = a_book(
        an_entry(order_id="buy", quantity=10**6), an_exit(order_id="sell", quantity=10**6)
    )
    for order_id, fill in told:
        book.apply(book.on_fill(order_id, fill))
    return book


@given(orders=tellings())
def test_the_same_executions_in_any_order_give_the_same_book(orders):
    one, other = map(booked, orders)

    assert one.lots == other.lots
    assert one.state == other.state
    assert one.executions == other.executions


@given(orders=tellings())
def test_shares_and_money_add_up_exactly(orders):
    told, _ = orders
    book = booked(told)

    # By an independent reading: of each stem the last revision, with its commission if ever told.
    latest = defaultdict(dict)
    for order_id, fill in told:
        commissions = latest[order_id, fill.stem].setdefault(fill.revision, [fill, Decimal(0)])
        commissions[1] = max(commissions[1], fill.commission or Decimal(0))
    quantity, cash = 0, Decimal(10_000)
    for (order_id, _stem), revisions in latest.items():
        fill, commission = revisions[max(revisions)]
        sign = 1 if order_id == "buy" else -1
        quantity += sign * fill.quantity
        cash -= sign * fill.quantity * fill.price + commission
    lot = book.lots[KEY]
    assert lot.quantity == quantity
    assert book.state.cash_usd == cash
    assert book.state.cash_usd - 10_000 == lot.received_usd - lot.paid_usd


def test_an_event_without_an_execution_is_applied_to_its_order():
    book = a_book(an_entry(status=OrderStatus.PENDING))
    event = OrderEvent(
        event_id="submitted", status=OrderStatus.SUBMITTED, at=NOW + timedelta(seconds=1)
    )

    book.apply(BookChange(orders=(advance(book.orders["order-1"], event),)))

    assert book.orders["order-1"].status is OrderStatus.SUBMITTED
