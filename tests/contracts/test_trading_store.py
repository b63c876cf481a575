"""What every trading store must do; how Postgres does it is tested with its adapter."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.orders import (
    BestPrices,
    OrderPurpose,
    OrderStatus,
    OrderType,
    RefusedBy,
    Side,
)
from alpha_oracle.domain.signals import encode
from alpha_oracle.domain.trading_records import (
    ApprovalStatus,
    Arrivals,
    BookRecord,
    Doubt,
    DoubtKind,
    OperatorAnswer,
    OperatorRequestKind,
    TakenIn,
)
from alpha_oracle.errors import (
    ChangesRefused,
    ContradictsRecord,
    LeaseTaken,
    MalformedSignal,
    StoreUnavailable,
)
from tests.builders import a_signal
from tests.contracts.trading_stores import MAKERS
from tests.contracts.trading_values import (
    ACCOUNT,
    YESTERDAY,
    a_cascade_run,
    a_change,
    a_day_trade_decision,
    a_deficit,
    a_fill,
    a_lot,
    a_malformed_signal,
    a_quality,
    a_received_signal,
    a_reconciliation,
    a_request,
    a_state,
    an_activation,
    an_alert,
    an_applied_action,
    an_approval,
    an_outcome,
    executed,
    ordered,
    submitted,
)
from tests.trading import NOW, TODAY, an_order


@pytest.fixture(params=MAKERS)
def trading(request):
    """A store without a row, and what is beside it."""
    with MAKERS[request.param](request) as made:
        yield made


def arrived(trading, *signals, store=None):
    arrivals = Arrivals(signals=signals or (a_received_signal(),))
    return [*(store or trading.store).take_in(ACCOUNT, arrivals, at=NOW).new]


def book(trading, *, account=ACCOUNT, since=TODAY):
    return trading.another().load(account, since=since)


def committed(trading, change_id="change-1", *, sends=False, **parts):
    return trading.store.commit(a_change(change_id, **parts), sends=sends)


def only(items):
    (item,) = items
    return item


def test_an_account_nobody_traded_has_nothing(trading):
    assert book(trading) == BookRecord(state=None)
    assert trading.store.last_reconciliation(ACCOUNT) is None
    assert trading.store.operator_requests(ACCOUNT) == []


def test_a_signal_waits_as_it_came(trading):
    bare = a_received_signal("signal-2", hold=None, reference_price=None, statistics=None)
    assert arrived(trading, a_received_signal(), bare) == [a_received_signal(), bare]
    assert book(trading).waiting == (a_received_signal(), bare)


def test_a_signal_that_came_before_is_not_given_again(trading):
    arrived(trading)
    second = a_received_signal("signal-2")
    assert arrived(trading, a_received_signal(strength=0.9), second, second) == [second]
    assert book(trading).waiting == (a_received_signal(), second)


def test_a_signal_loaded_is_not_given_again(trading):
    arrived(trading)
    after = trading.another()
    after.load(ACCOUNT, since=TODAY)
    assert arrived(trading, store=after) == []


def test_a_signal_whose_worker_never_learned_of_it_is_given_to_the_next(trading):
    arrived(trading)
    assert arrived(trading, store=trading.another()) == [a_received_signal()]


def test_what_another_worker_took_in_waits_for_this_one_too(trading):
    own = a_received_signal("signal-1")
    others, settled = a_received_signal("signal-2"), a_received_signal("signal-3")
    arrived(trading, own)
    another = trading.another()
    arrived(trading, others, settled, store=another)
    another.commit(a_change(outcomes=(an_outcome("signal-3"),)), sends=False)
    assert {one.signal_id for one in trading.store.waiting(ACCOUNT)} == {"signal-1", "signal-2"}
    assert trading.store.waiting("another account") == ()


def test_a_signal_with_an_outcome_waits_no_more(trading):
    arrived(trading, a_received_signal(), a_received_signal("signal-2"))
    assert committed(trading, outcomes=(an_outcome(),))
    assert [one.signal_id for one in book(trading).waiting] == ["signal-2"]
    assert arrived(trading, store=trading.another()) == []


def test_what_was_taken_in_stays_once_it_is_settled(trading):
    arrived(trading)
    trading.store.settle()
    trading.cut(trading.store)
    trading.store.settle()
    assert book(trading).waiting == (a_received_signal(),)


def test_what_was_taken_in_is_settled_by_a_commit_after_it(trading):
    arrived(trading)
    committed(trading)
    trading.cut(trading.store)
    trading.store.settle()
    assert committed(trading, "change-2")
    assert book(trading).waiting == (a_received_signal(),)


def came_again(trading, *signals):
    arrivals = Arrivals(signals=signals, comes_again=True)
    return list(trading.store.take_in(ACCOUNT, arrivals, at=NOW).new)


def test_what_comes_again_is_taken_in_with_the_decision_on_it(trading):
    trading.store.load(ACCOUNT, since=YESTERDAY)
    assert came_again(trading, a_received_signal()) == [a_received_signal()]
    assert committed(trading, outcomes=(an_outcome(),))
    trading.cut(trading.store)
    trading.store.settle()
    assert book(trading).waiting == ()
    assert came_again(trading, a_received_signal()) == []


def test_what_comes_again_and_nobody_decided_on_waits_once_it_is_settled(trading):
    trading.store.load(ACCOUNT, since=YESTERDAY)
    came_again(trading, a_received_signal())
    came_again(trading, a_received_signal("signal-2"))
    trading.store.settle()
    trading.cut(trading.store)
    trading.store.settle()
    kept = trading.another().load(ACCOUNT, since=YESTERDAY).waiting
    assert kept == (a_received_signal(), a_received_signal("signal-2"))


def test_what_comes_again_is_new_once_whatever_comes_with_it(trading):
    trading.store.load(ACCOUNT, since=YESTERDAY)
    first, second = a_received_signal(), a_received_signal("signal-2")
    assert came_again(trading, first) == [first]
    assert came_again(trading, first, second) == [second]
    assert arrived(trading, first, second) == []
    assert trading.store.waiting(ACCOUNT) == (first, second)


def test_what_another_worker_took_in_and_was_found_waiting_is_not_new_when_it_comes_again(trading):
    trading.store.load(ACCOUNT, since=YESTERDAY)
    arrived(trading, store=trading.another())
    assert trading.store.waiting(ACCOUNT) == (a_received_signal(),)
    assert committed(trading, outcomes=(an_outcome(),))
    assert came_again(trading, a_received_signal()) == []


def test_what_comes_again_stays_where_the_switch_stops_the_change_after_it(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    trading.store.load(ACCOUNT, since=YESTERDAY)
    came_again(trading, a_received_signal())
    assert not committed(trading, sends=True, outcomes=(an_outcome(),))
    trading.store.settle()
    assert book(trading).waiting == (a_received_signal(),)


def test_what_was_not_settled_when_the_store_was_lost_is_to_be_given_again(trading):
    arrived(trading)
    trading.cut(trading.store)
    with pytest.raises(StoreUnavailable):
        trading.store.settle()
    arrived(trading)
    trading.store.settle()
    assert book(trading).waiting == (a_received_signal(),)


def test_nothing_is_committed_on_what_the_store_may_have_lost_and_it_is_told_until_settled(
    trading,
):
    arrived(trading)
    trading.cut(trading.store)
    with pytest.raises(StoreUnavailable):
        committed(trading)
    assert committed(trading)
    arrived(trading, a_received_signal("signal-2"))
    with pytest.raises(StoreUnavailable):
        trading.store.settle()
    trading.store.settle()


def test_a_change_that_the_switch_stopped_settles_nothing(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    arrived(trading)
    assert not committed(trading, sends=True)
    trading.cut(trading.store)
    with pytest.raises(StoreUnavailable):
        trading.store.settle()


def test_changes_committed_together_are_durable_at_the_end(trading):
    with trading.store.together():
        assert committed(trading, state=a_state(), announcements=(an_alert(),))
        assert committed(trading, "change-2", orders=(an_order(),))
        assert [one.order_id for one in trading.store.recall(ACCOUNT, "order-1")] == ["order-1"]
    trading.cut(trading.store)
    trading.store.settle()
    assert [one.order_id for one in book(trading).orders] == ["order-1"]
    assert trading.announced("risk") == [an_alert().document()]


def test_a_store_lost_among_changes_committed_together_says_so(trading):
    def cut_among_them():
        with trading.store.together():
            committed(trading, orders=(an_order(),))
            assert trading.store.recall(ACCOUNT, "order-1")
            trading.cut(trading.store)

    with pytest.raises(StoreUnavailable):
        cut_among_them()
    # Any of them may be gone, and is committed once more then, or was.
    assert committed(trading, orders=(an_order(),))
    assert [one.order_id for one in book(trading).orders] == ["order-1"]


def test_what_happened_to_orders_is_kept_in_its_order_where_it_is_committed_together(trading):
    ended = submitted(event_id="cancelled", status=OrderStatus.CANCELLED)
    names = [f"order-{number}" for number in range(6)]
    run = a_cascade_run()
    with trading.store.together():
        for name in names:
            committed(trading, name, orders=(an_order(order_id=name),), cascade_runs=(run,))
    with trading.store.together():
        for name in names:
            committed(trading, f"{name} accepted", events=((name, submitted()),))
            committed(
                trading, f"{name} ended", events=((name, ended),), announcements=(an_alert(),)
            )
            committed(trading, f"{name} accepted again", events=((name, submitted()),))
    kept = book(trading).orders
    assert [one.order_id for one in kept] == names
    assert {(one.status, one.history) for one in kept} == {
        (OrderStatus.CANCELLED, (submitted(), ended))
    }
    assert trading.announced("risk") == [an_alert().document()] * len(names)


def test_lots_and_money_are_those_of_the_last_change_committed_together(trading):
    with trading.store.together():
        for quantity in (1, 2, 3):
            committed(
                trading,
                f"change-{quantity}",
                lots=(a_lot(quantity=quantity),),
                state=a_state(cash_usd=Decimal(quantity)),
            )
    kept = book(trading)
    assert ([lot.quantity for lot in kept.lots], kept.state.cash_usd) == ([3], Decimal(3))


def test_what_was_committed_together_and_before_changes_nothing_and_holds_nothing_up(trading):
    committed(trading, "change-2", orders=(an_order(order_id="order-2"),))
    with trading.store.together():
        committed(trading, orders=(an_order(),))
        assert trading.store.recall(ACCOUNT, "order-1")
        committed(trading, "change-2", orders=(an_order(order_id="order-2"),))
        committed(trading, "change-3", orders=(an_order(order_id="order-3"),))
    assert [one.order_id for one in book(trading).orders] == ["order-2", "order-1", "order-3"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_change_that_contradicts_the_record_is_told_at_the_end_of_what_is_committed_together(
    trading, place
):
    committed(trading, orders=(an_order(),))
    orders = [an_order(order_id="order-2"), an_order(order_id="order-3")]
    orders.insert(place, an_order(strategy="Another"))

    def contradict():
        with trading.store.together():
            for number, order in enumerate(orders):
                assert committed(trading, f"together-{number}", orders=(order,))

    with pytest.raises(ChangesRefused, match="together-"):
        contradict()
    names = ["order-2", "order-3"][:place]
    assert [one.order_id for one in book(trading).orders] == ["order-1", *names]


@pytest.mark.parametrize("is_told_before", [True, False])
def test_nothing_of_what_is_committed_together_is_to_be_sent_once_trading_is_halted(
    trading, is_told_before
):
    def halted_among_them():
        with trading.store.together():
            assert committed(trading, orders=(an_order(),), sends=True)
            if is_told_before:
                assert trading.store.recall(ACCOUNT, "order-1")
            trading.kill_switch.change(an_activation(), at=NOW)
            assert committed(trading, "change-2", state=a_state())

    with pytest.raises(ChangesRefused, match="kill switch"):
        halted_among_them()


def test_changes_that_send_nothing_are_committed_together_while_trading_is_halted(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    with trading.store.together():
        assert committed(trading, state=a_state())
        assert committed(trading, "change-2", orders=(an_order(),))
    assert book(trading).state == a_state()


def test_what_others_are_told_of_what_comes_in_is_settled_at_once(trading):
    arrivals = Arrivals(malformed=(a_malformed_signal(),), announcements=(an_alert(),))
    trading.store.take_in(ACCOUNT, arrivals, at=NOW)
    trading.cut(trading.store)
    trading.store.settle()
    assert trading.announced("risk") == [an_alert().document()]


def test_signals_of_another_account_are_its_own(trading):
    arrived(trading)
    assert book(trading, account="live").waiting == ()


def test_what_is_no_signal_is_kept_and_told(trading):
    arrivals = Arrivals(malformed=(a_malformed_signal(),), announcements=(an_alert(),))
    assert trading.store.take_in(ACCOUNT, arrivals, at=NOW) == TakenIn()
    assert trading.malformed() == [("{", "signals:stream", "no JSON document")]
    assert trading.announced("risk") == [an_alert().document()]


def test_a_signal_of_a_known_id_and_other_content_is_told_and_changes_nothing(trading):
    arrived(trading, a_received_signal(), a_received_signal("signal-2"))
    committed(trading, outcomes=(an_outcome(),))
    others = [a_received_signal(strength=0.9), a_received_signal("signal-2", hold=None)]
    third, of_another_size = (a_received_signal("signal-3", strength=one) for one in (0.3, 0.4))
    arrivals = Arrivals(signals=(*others, third, of_another_size, a_received_signal()))
    taken = trading.store.take_in(ACCOUNT, arrivals, at=NOW)
    assert taken == TakenIn(new=(third,), contradicting=(*others, of_another_size))
    assert book(trading).waiting == (a_received_signal("signal-2"), third)


def test_what_cannot_be_kept_is_refused_whole(trading):
    arrivals = Arrivals(signals=(a_received_signal(), a_received_signal("signal\x00")))
    with pytest.raises(MalformedSignal, match="NUL"):
        trading.store.take_in(ACCOUNT, arrivals, at=NOW)
    assert book(trading).waiting == ()


def test_signals_on_record_that_never_came_are_missed_until_they_come(trading):
    early, late = a_signal(session=YESTERDAY, symbol="B"), a_signal(session=TODAY, symbol="A")
    for signal in (late, early):
        trading.publish(signal)
    assert trading.store.missed(ACCOUNT, since=TODAY) == [encode(late)]
    assert set(trading.store.missed(ACCOUNT, since=YESTERDAY)) == {encode(early), encode(late)}
    arrived(trading, a_received_signal(late.signal_id))
    assert trading.store.missed(ACCOUNT, since=TODAY) == []
    assert len(trading.store.missed("live", since=TODAY)) == 1


def test_a_decision_is_on_record_whole(trading):
    arrived(trading)
    order = an_order(signal_id="signal-1", arrival_price=Decimal("99.995"))
    assert committed(
        trading,
        sends=True,
        outcomes=(ordered(),),
        orders=(order,),
        cascade_runs=(a_cascade_run(),),
        day_trade_decisions=(a_day_trade_decision(),),
        announcements=(an_alert(),),
    )
    found = book(trading)
    assert (found.orders, found.waiting) == ((order,), ())
    assert trading.announced("risk") == [an_alert().document()]


def test_a_change_committed_before_changes_nothing(trading):
    parts = {"orders": (an_order(),), "announcements": (an_alert(),), "state": a_state()}
    assert committed(trading, **parts)
    committed(trading, "change-2", state=a_state(cash_usd=Decimal(1)))
    assert committed(trading, **parts)
    assert book(trading).state == a_state(cash_usd=Decimal(1))
    assert len(trading.announced("risk")) == 1


def test_an_order_is_on_record_once(trading):
    committed(trading, orders=(an_order(),))
    with pytest.raises(ContradictsRecord):
        committed(trading, "change-2", orders=(an_order(),), state=a_state())
    assert book(trading).state is None


def test_a_signal_has_one_outcome(trading):
    arrived(trading)
    committed(trading, outcomes=(an_outcome(),))
    with pytest.raises(ContradictsRecord):
        committed(trading, "change-2", outcomes=(an_outcome(reason="another"),), state=a_state())
    assert book(trading).state is None


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"outcomes": (an_outcome("nobody"),)}, id="an outcome of no signal"),
        pytest.param({"events": (("nobody", submitted()),)}, id="an event of no order"),
        pytest.param({"events": (("nobody", executed()),)}, id="a fill of no order"),
        pytest.param({"commissions": (("nobody", a_fill()),)}, id="a commission of no order"),
        pytest.param({"approvals": (an_approval("nobody"),)}, id="an approval of no order"),
        pytest.param({"qualities": (a_quality("nobody"),)}, id="a quality of no order"),
    ],
)
def test_what_names_something_unknown_is_refused_whole(trading, parts):
    with pytest.raises(ContradictsRecord):
        committed(trading, state=a_state(), **parts)
    assert book(trading).state is None


def test_an_order_remembers_all_that_happened_to_it(trading):
    rejected = submitted(
        event_id="rejected",
        status=OrderStatus.REJECTED,
        reason="no \x00 money",
        refused_by=RefusedBy.BROKER,
        broker_order_id=None,
    )
    committed(trading, orders=(an_order(), an_order(order_id="order-2")))
    events = (submitted(), executed(), executed(a_fill("y"), OrderStatus.PARTIALLY_FILLED))
    committed(trading, "change-2", events=tuple(("order-1", event) for event in events))
    committed(trading, "change-3", events=(("order-2", rejected),))
    first, second = book(trading).orders
    assert (first.history, first.status) == (events, OrderStatus.PARTIALLY_FILLED)
    assert (first.filled_quantity, first.broker_order_id) == (8, "777")
    assert (second.status, second.history[0].refused_by) == ("REJECTED", RefusedBy.BROKER)
    assert second.history[0].reason.startswith("no ")


def test_an_order_that_came_with_a_history_keeps_it(trading):
    order = an_order(status=OrderStatus.SUBMITTED, history=(submitted(),))
    committed(trading, orders=(order,), events=(("order-1", submitted()),))
    assert book(trading).orders == (order,)


def test_an_event_told_again_changes_nothing(trading):
    committed(trading, orders=(an_order(),), events=(("order-1", submitted()),))
    whole = executed(a_fill(quantity=10), OrderStatus.FILLED)
    committed(trading, "change-2", events=(("order-1", whole),))
    committed(trading, "change-3", events=(("order-1", submitted()), ("order-1", whole)))
    order = only(book(trading).orders)
    assert (order.status, order.history) == (OrderStatus.FILLED, (submitted(), whole))


def test_a_commission_told_later_is_part_of_its_fill(trading):
    committed(trading, orders=(an_order(),), events=(("order-1", executed()),))
    known = a_fill(commission=Decimal("1.05"))
    committed(trading, "change-2", commissions=(("order-1", known),))
    assert only(book(trading).orders).fills == (known,)


def test_a_commission_told_of_a_slice_is_part_of_its_twap_too(trading):
    parent = an_order(order_id="parent", order_type=OrderType.TWAP, limit_price=None)
    slice_ = an_order(parent_id="parent", slice_number=0)
    committed(trading, orders=(parent, slice_))
    committed(trading, "change-2", events=(("order-1", executed()), ("parent", executed())))
    known = a_fill(commission=Decimal("1.05"))
    committed(trading, "change-3", commissions=(("order-1", known),))
    assert [order.fills for order in book(trading).orders] == [(known,), (known,)]


def test_an_execution_remembers_its_market(trading):
    market = BestPrices(bid=Decimal("99.990"), ask=Decimal("100.010"))
    event = replace(executed(), market=market)
    committed(trading, orders=(an_order(),), events=(("order-1", event),))
    assert only(book(trading).orders).history == (event,)


def test_an_order_is_recalled_as_it_is_on_record(trading):
    parent = an_order(order_id="parent", order_type=OrderType.TWAP, limit_price=None)
    slice_ = an_order(parent_id="parent", slice_number=0, session=YESTERDAY)
    committed(trading, orders=(parent, slice_), events=(("order-1", submitted()),))
    told = replace(slice_, status=OrderStatus.SUBMITTED, history=(submitted(),))
    assert trading.store.recall(ACCOUNT, "order-1") == [parent, told]
    assert trading.store.recall(ACCOUNT, "parent") == [parent]
    assert trading.store.recall(ACCOUNT, "nobody") == []
    assert trading.store.recall("live", "order-1") == []


def test_a_correction_stands_beside_what_it_corrects(trading):
    committed(trading, orders=(an_order(),), events=(("order-1", executed()),))
    corrected = a_fill("x.02", quantity=5)
    committed(trading, "change-2", events=(("order-1", executed(corrected)),))
    order = only(book(trading).orders)
    assert len(order.history) == 2
    assert order.fills == (corrected,)


def test_orders_of_earlier_sessions_are_loaded_while_they_are_open(trading):
    early = {"session": YESTERDAY}
    parent = an_order(order_id="p", order_type=OrderType.TWAP, limit_price=None, **early)
    orders = (
        an_order(order_id="closed", status=OrderStatus.FILLED, **early),
        an_order(order_id="open", status=OrderStatus.UNKNOWN, **early),
        parent,
        an_order(
            order_id="s", parent_id="p", slice_number=0, status=OrderStatus.CANCELLED, **early
        ),
        an_order(order_id="today", status=OrderStatus.FILLED),
    )
    committed(trading, orders=orders)
    assert [order.order_id for order in book(trading).orders] == ["open", "p", "s", "today"]
    assert len(book(trading, since=YESTERDAY).orders) == 5


def test_the_book_is_loaded_as_it_stands(trading):
    sale = an_order(side=Side.SELL, purpose=OrderPurpose.EXIT)
    committed(trading, orders=(sale,), lots=(a_lot(),), state=a_state())
    marked = a_lot(quantity=3, wants_out=True, received_usd=Decimal("100.125"))
    taken_over = a_lot(strategy="BreakoutStrategy", hold=None)
    state = a_state(accepted_on=YESTERDAY)
    committed(trading, "change-2", lots=(marked, taken_over), state=state)
    found = book(trading)
    assert found.lots == (taken_over, marked)
    assert found.state == state
    assert book(trading, account="live") == BookRecord(state=None)


def test_what_was_accepted_once_is_loaded_with_its_account(trading):
    order = Doubt(kind=DoubtKind.ORDER, name="stranger")
    execution = Doubt(kind=DoubtKind.EXECUTION, name="x.01")
    committed(trading, accepted=(order, execution))
    committed(trading, "change-2", accepted=(order,))
    assert book(trading).accepted == {order, execution}
    assert book(trading, account="live").accepted == frozenset()


def test_a_deficit_is_loaded_as_it_stands(trading):
    later, early = a_deficit(), a_deficit(session=YESTERDAY, met_on=TODAY)
    committed(trading, deficits=(later, replace(early, met_on=None)))
    committed(trading, "change-2", deficits=(early,))
    assert book(trading).deficits == (early, later)
    assert book(trading, account="live").deficits == ()


def test_corporate_actions_that_lots_have_had_are_loaded_from_their_session_on(trading):
    old, new = an_applied_action(ex_date=YESTERDAY), an_applied_action()
    committed(trading, applied=(old, new))
    assert book(trading).applied == {new.key}
    assert book(trading, since=YESTERDAY).applied == {old.key, new.key}
    assert book(trading, account="live").applied == frozenset()


def test_a_corporate_action_is_on_record_once(trading):
    committed(trading, applied=(an_applied_action(),))
    with pytest.raises(ContradictsRecord):
        committed(trading, "change-2", applied=(an_applied_action(cash_usd=Decimal(1)),))


def test_a_lot_sold_out_is_loaded_for_its_session(trading):
    committed(trading, lots=(a_lot(quantity=0, last_traded=YESTERDAY, opened=YESTERDAY),))
    assert len(book(trading, since=YESTERDAY).lots) == 1
    assert book(trading).lots == ()


def test_nothing_is_committed_to_be_sent_while_the_switch_is_active(trading):
    trading.kill_switch.change(an_activation(), at=NOW)
    assert not committed(trading, sends=True, orders=(an_order(),), state=a_state())
    assert book(trading) == BookRecord(state=None)
    assert committed(trading, sends=False, state=a_state())


def test_what_was_committed_before_the_switch_was_thrown_stays_so(trading):
    assert committed(trading, sends=True, orders=(an_order(),))
    trading.kill_switch.change(an_activation(), at=NOW)
    assert committed(trading, sends=True, orders=(an_order(),))


def test_after_a_resume_orders_are_committed_again(trading):
    after = trading.kill_switch.change(an_activation(), at=NOW)
    trading.kill_switch.change(replace(after, is_active=False, reason=""), at=NOW)
    assert committed(trading, sends=True, orders=(an_order(),))


def test_one_worker_at_a_time_trades_an_account(trading):
    other = trading.another()
    with trading.store.only_worker(ACCOUNT):
        with pytest.raises(LeaseTaken, match=ACCOUNT):
            other.only_worker(ACCOUNT).__enter__()
        with other.only_worker("live"):
            assert committed(trading, state=a_state())
    with other.only_worker(ACCOUNT):
        assert other.commit(a_change("change-2", state=a_state()), sends=False)


def test_an_order_waits_for_its_human(trading):
    waits = an_order(status=OrderStatus.AWAITING_APPROVAL)
    committed(trading, orders=(waits,), approvals=(an_approval(),))
    assert book(trading).approvals == (an_approval(),)
    assert trading.store.decided_approvals(ACCOUNT) == []


@pytest.mark.parametrize("approve", [True, False])
def test_a_decision_is_taken_once_and_told_until_it_is_acted_on(trading, approve):
    waits = an_order(status=OrderStatus.AWAITING_APPROVAL)
    committed(trading, orders=(waits,), approvals=(an_approval(),))
    at = NOW + timedelta(minutes=5)
    decided = trading.approvals.decide("order-1", approve=approve, by="me", at=at)
    status = ApprovalStatus.APPROVED if approve else ApprovalStatus.REJECTED
    assert decided == an_approval(status=status, decided_at=at, decided_by="me")
    again = trading.approvals.decide("order-1", approve=not approve, by="you", at=at)
    assert again == decided
    assert trading.store.decided_approvals(ACCOUNT) == [decided]
    assert trading.store.decided_approvals("live") == []
    pending = submitted(event_id="approved", status=OrderStatus.PENDING, broker_order_id=None)
    committed(trading, "change-2", events=(("order-1", pending),))
    assert trading.store.decided_approvals(ACCOUNT) == []
    assert book(trading).approvals == (decided,), "its order is open"
    ended = submitted(event_id="ended", status=OrderStatus.CANCELLED, broker_order_id=None)
    committed(trading, "change-3", events=(("order-1", ended),))
    assert book(trading).approvals == ()


def test_what_a_human_decided_is_not_overwritten(trading):
    waits = an_order(status=OrderStatus.AWAITING_APPROVAL)
    committed(trading, orders=(waits,), approvals=(an_approval(),))
    decided = trading.approvals.decide("order-1", approve=True, by="me", at=NOW)
    expired = an_approval(status=ApprovalStatus.EXPIRED, decided_at=NOW, decided_by="system")
    committed(trading, "change-2", approvals=(expired,))
    assert book(trading).approvals == (decided,)


@pytest.mark.parametrize("order_id", ["order-1", "nobody"])
def test_what_does_not_wait_cannot_be_decided(trading, order_id):
    waits = an_order(status=OrderStatus.AWAITING_APPROVAL)
    committed(trading, orders=(waits,), approvals=(an_approval(),))
    late = NOW + timedelta(hours=1)
    found = trading.approvals.decide(order_id, approve=True, by="me", at=late)
    assert found == (an_approval() if order_id == "order-1" else None)


def test_an_order_that_ended_cannot_be_approved(trading):
    waits = an_order(status=OrderStatus.AWAITING_APPROVAL)
    committed(trading, orders=(waits,), approvals=(an_approval(),))
    ended = submitted(event_id="expired", status=OrderStatus.EXPIRED, broker_order_id=None)
    committed(trading, "change-2", events=(("order-1", ended),))
    found = trading.approvals.decide("order-1", approve=True, by="me", at=NOW)
    assert found.status is ApprovalStatus.WAITING


def test_what_operators_ask_is_told_until_it_is_answered(trading):
    transfer = a_request(
        "request-2", kind=OperatorRequestKind.TRANSFER, amount_usd=Decimal("-250.50")
    )
    assert trading.requests.ask(a_request())
    assert not trading.requests.ask(a_request())
    assert trading.requests.ask(transfer)
    assert trading.store.operator_requests(ACCOUNT) == [a_request(), transfer]
    assert trading.store.operator_requests("live") == []
    committed(trading, answers=(OperatorAnswer(request_id="request-1", answer="done"),))
    assert trading.store.operator_requests(ACCOUNT) == [transfer]
    assert trading.requests.request("request-1") == a_request(answered_at=NOW, answer="done")
    assert trading.requests.request("nobody") is None


def test_an_answer_stands(trading):
    trading.requests.ask(a_request())
    committed(trading, answers=(OperatorAnswer(request_id="request-1", answer="done"),))
    committed(trading, "change-2", answers=(OperatorAnswer(request_id="request-1", answer="no"),))
    assert trading.requests.request("request-1").answer == "done"


def test_the_newest_reconciliation_is_the_last(trading):
    green = a_reconciliation(at=NOW + timedelta(minutes=5), mismatches=(), drift_pct=None)
    trading.store.save_reconciliation(green)
    trading.store.save_reconciliation(a_reconciliation())
    trading.store.save_reconciliation(a_reconciliation())
    assert trading.store.last_reconciliation(ACCOUNT) == green
    assert trading.store.last_reconciliation("live") is None


def test_a_reconciliation_is_kept_with_each_difference(trading):
    trading.store.save_reconciliation(a_reconciliation())
    assert trading.store.last_reconciliation(ACCOUNT) == a_reconciliation()


def test_the_latest_activity_of_an_operator_counts(trading):
    assert trading.activity.latest() is None
    trading.activity.note("cli", by="me", at=NOW)
    trading.activity.note("api", by="me", at=NOW - timedelta(hours=1))
    trading.activity.note("cli", by="me", at=NOW - timedelta(hours=2))
    assert trading.activity.latest() == NOW
