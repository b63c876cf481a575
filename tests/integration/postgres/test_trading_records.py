"""What people read of trading; a page at a time, whatever happens at the same instant."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alpha_oracle.adapters.postgres.operators import PostgresApprovalDesk
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.postgres.trading_records import PostgresTradingRecords
from alpha_oracle.domain.orders import OrderStatus, OrderType
from alpha_oracle.domain.trading_records import ApprovalStatus, Arrivals
from tests.contracts.trading_values import (
    ACCOUNT,
    a_cascade_run,
    a_change,
    a_day_trade_decision,
    a_fill,
    a_lot,
    a_malformed_signal,
    a_quality,
    a_received_signal,
    a_reconciliation,
    a_state,
    an_approval,
    an_outcome,
    executed,
    ordered,
    submitted,
)
from tests.trading import NOW, an_order

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(database):
    store = PostgresTradingStore(database)
    yield store
    store.close()


@pytest.fixture
def records(database):
    return PostgresTradingRecords(database)


def commit(store, change_id="change-1", **parts):
    assert store.commit(a_change(change_id, **parts), sends=False)


def pages(read, *, limit):
    """The ids of all pages, one list a page."""
    found, after = [], None
    while True:
        page = read(after=after, limit=limit)
        found.append(page.rows)
        if page.end is None:
            return found
        after = page.end


def ids(found):
    return [[row.order_id for row in page] for page in found]


def some_orders():
    """Five orders, three of them created at one instant."""
    created = (NOW, NOW + MINUTE, NOW + MINUTE, NOW + MINUTE, NOW + 2 * MINUTE)
    return tuple(
        an_order(order_id=f"order-{number}", created_at=at, session=NOW.date())
        for number, at in enumerate(created)
    )


def test_orders_come_newest_first_page_by_page(store, records):
    commit(store, orders=some_orders())
    assert ids(pages(records.orders, limit=2)) == [
        ["order-4", "order-3"], ["order-2", "order-1"], ["order-0"],
    ]  # fmt: skip
    assert ids(pages(records.orders, limit=5)) == [[f"order-{n}" for n in (4, 3, 2, 1, 0)]]


def test_a_new_order_moves_no_page_that_follows(store, records):
    commit(store, orders=some_orders())
    first = records.orders(limit=2)
    commit(store, "change-2", orders=(an_order(order_id="new", created_at=NOW + 3 * MINUTE),))
    second = records.orders(after=first.end, limit=2)
    assert [order.order_id for order in second.rows] == ["order-2", "order-1"]


def test_orders_are_filtered_and_have_their_histories(store, records):
    live = an_order(order_id="live", account="live")
    commit(store, orders=(*some_orders(), live), events=(("order-2", submitted()),))
    (found,) = records.orders(status=OrderStatus.SUBMITTED, account=ACCOUNT, limit=9).rows
    assert (found.order_id, found.history) == ("order-2", (submitted(),))
    assert [one.order_id for one in records.orders(account="live", limit=9).rows] == ["live"]
    assert records.orders(symbol="ZZZ", limit=9).rows == ()
    assert records.orders(symbol="\x00", limit=9).rows == ()


def test_an_order_has_its_whole_file(store, records):
    store.take_in(ACCOUNT, Arrivals(signals=(a_received_signal(),)), at=NOW)
    order = an_order(signal_id="signal-1")
    commit(
        store,
        outcomes=(ordered(),),
        orders=(order,),
        cascade_runs=(a_cascade_run(),),
        day_trade_decisions=(a_day_trade_decision(),),
        approvals=(an_approval(),),
        qualities=(a_quality(),),
    )
    found = records.order("order-1")
    assert (found.order, found.slices) == (order, ())
    assert found.day_trade_decisions == (a_day_trade_decision(),)
    assert (found.approval, found.quality) == (an_approval(), a_quality())
    assert records.order("nobody") is None


def test_verdicts_are_read_as_they_were_given(store, records):
    commit(store, orders=(an_order(),), cascade_runs=(a_cascade_run(),))
    (run,) = records.order("order-1").cascade_runs
    given = a_cascade_run()
    assert replace(run, verdicts=()) == replace(given, verdicts=())
    passed, reduced = run.verdicts
    assert passed == given.verdicts[0]
    assert str(reduced.inputs.pop("wild")) == "NaN"
    inputs = {name: value for name, value in given.verdicts[1].inputs.items() if name != "wild"}
    assert reduced == given.verdicts[1]._replace(inputs=inputs)
    assert {name: type(value) for name, value in reduced.inputs.items()} == {
        name: type(value) for name, value in inputs.items()
    }


def test_a_twap_has_its_slices_in_order(store, records):
    parent = an_order(order_id="parent", order_type=OrderType.TWAP, limit_price=None)
    slices = [an_order(order_id=f"s{n}", parent_id="parent", slice_number=n) for n in (1, 0)]
    commit(store, orders=(parent, *slices))
    assert [one.order_id for one in records.order("parent").slices] == ["s0", "s1"]
    assert records.order("s0").slices == ()


def test_a_signal_has_its_outcome_and_what_was_checked(store, records):
    store.take_in(ACCOUNT, Arrivals(signals=(a_received_signal(),)), at=NOW)
    assert records.signal(ACCOUNT, "signal-1").entry.outcome is None
    run = a_cascade_run(order_id=None, verdicts=())
    commit(store, outcomes=(an_outcome(),), cascade_runs=(run,))
    found = records.signal(ACCOUNT, "signal-1")
    assert (found.entry.signal, found.entry.received_at) == (a_received_signal(), NOW)
    assert (found.entry.outcome, found.cascade_runs) == (an_outcome(), (run,))
    assert records.signal("live", "signal-1") is None


def test_signals_that_came_in_come_in_pages_with_what_became_of_them(store, records):
    for number in range(5):
        symbol = "AAA" if number else "ZZZ"
        signal = a_received_signal(f"signal-{number}", symbol=symbol)
        store.take_in(ACCOUNT, Arrivals(signals=(signal,)), at=NOW + number // 2 * MINUTE)
    refused = an_outcome("signal-3")
    commit(store, outcomes=(refused,))

    found = pages(records.inbox, limit=2)
    names = [[one.signal.signal_id for one in page] for page in found]
    assert names == [["signal-4", "signal-3"], ["signal-2", "signal-1"], ["signal-0"]]
    assert [one.outcome for page in found for one in page] == [None, refused, None, None, None]
    assert [one.outcome for one in records.inbox(outcome="refused", limit=9).rows] == [refused]
    assert len(records.inbox(account=ACCOUNT, symbol="ZZZ", limit=9).rows) == 1
    assert records.inbox(account="live", limit=9).rows == ()


def test_fills_name_whose_they_are_and_a_twap_repeats_none(store, records):
    parent = an_order(order_id="parent", order_type=OrderType.TWAP, limit_price=None)
    slice_ = an_order(parent_id="parent", slice_number=0)
    later = a_fill("y.01", at=NOW + MINUTE)
    events = tuple(
        (order_id, executed(fill))
        for fill in (a_fill(), later)
        for order_id in ("order-1", "parent")
    )
    commit(store, orders=(parent, slice_), events=events)
    first, second = pages(records.fills, limit=1)
    assert [one.fill for one in (*first, *second)] == [later, a_fill()]
    assert {one.order_id for one in (*first, *second)} == {"order-1"}
    assert records.fills(symbol="ZZZ", limit=5).rows == ()
    assert len(records.fills(account=ACCOUNT, symbol="AAA", limit=5).rows) == 2


def test_positions_are_what_is_held(store, records):
    lots = (
        a_lot(symbol="B"), a_lot(symbol="A"), a_lot(symbol="A", strategy="BreakoutStrategy"),
        a_lot(symbol="C", quantity=0), a_lot(symbol="D", account="live"),
    )  # fmt: skip
    commit(store, lots=lots, state=a_state())
    found = [(lot.symbol, lot.strategy) for lot in records.positions(ACCOUNT)]
    assert found == [
        ("A", "BreakoutStrategy"), ("A", "MomentumStrategy"), ("B", "MomentumStrategy"),
    ]  # fmt: skip
    assert (records.accounts(), records.state(ACCOUNT)) == ([ACCOUNT], a_state())
    assert records.state("live") is None


def test_approvals_are_read_by_where_they_stand(store, records, database):
    orders = tuple(replace(one, status=OrderStatus.AWAITING_APPROVAL) for one in some_orders())
    asked = tuple(an_approval(order.order_id, requested_at=order.created_at) for order in orders)
    commit(store, orders=orders, approvals=asked)
    PostgresApprovalDesk(database).decide("order-3", approve=False, by="me", at=NOW)
    assert ids(pages(records.approvals, limit=3)) == [
        ["order-4", "order-3", "order-2"], ["order-1", "order-0"],
    ]  # fmt: skip
    (found,) = records.approvals(status=ApprovalStatus.REJECTED, account=ACCOUNT, limit=9).rows
    assert found.order_id == "order-3"


def test_day_trade_decisions_qualities_and_reconciliations_come_in_pages(store, records):
    commit(
        store,
        orders=some_orders(),
        day_trade_decisions=tuple(
            a_day_trade_decision(order_id=f"order-{number}") for number in range(5)
        ),
        qualities=tuple(a_quality(f"order-{number}") for number in range(5)),
    )
    backwards = [["order-4", "order-3", "order-2"], ["order-1", "order-0"]]
    assert ids(pages(records.day_trade_decisions, limit=3)) == backwards
    assert ids(pages(records.qualities, limit=3)) == backwards
    given = [a_reconciliation(occasion=str(number)) for number in range(3)]
    for one in given:
        store.save_reconciliation(one)
    found = pages(records.reconciliations, limit=2)
    assert [list(page) for page in found] == [[given[2], given[1]], [given[0]]]


def test_what_was_no_signal_is_counted_and_cut(store, records):
    long = a_malformed_signal(text="\x00" + "x" * 9_000)
    arrivals = Arrivals(malformed=(long, long, replace(long, problem="another", source="signals")))
    for at in (NOW, NOW + MINUTE):
        store.take_in(ACCOUNT, arrivals, at=at)
    found = records.malformed_signals(limit=9).rows
    assert {(one.malformed.source, one.times) for one in found} == {
        ("signals:stream", 4), ("signals", 2),
    }  # fmt: skip
    assert {(one.first_at, one.last_at) for one in found} == {(NOW, NOW + MINUTE)}
    assert {len(one.malformed.text) for one in found} == {4_096}
