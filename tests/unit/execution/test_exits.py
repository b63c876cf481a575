import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle import calendar
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Hold, OrderPurpose
from alpha_oracle.domain.signals import Direction
from alpha_oracle.execution.exits import (
    ExitReason,
    age_sessions,
    due_exit,
    due_lots,
    exit_of,
    on_exit_signal,
)
from alpha_oracle.execution.order_requests import Refusal, RefusalReason
from tests.trading import TODAY, WINDOW
from tests.unit.execution.positions import a_lot, a_received_signal

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WINDOW


def test_the_entry_session_is_age_0():
    assert age_sessions(a_lot(opened=FRIDAY), FRIDAY) == 0
    assert age_sessions(a_lot(opened=MONDAY), FRIDAY) == 4


def test_holidays_do_not_age_a_lot():
    # 2016-01-18 was Martin Luther King's day.
    friday, tuesday = calendar.sessions_between(
        calendar.next_session_after(WINDOW[-1]), calendar.shift_session(WINDOW[-1], 6)
    )[-2:]
    assert age_sessions(a_lot(opened=friday), tuesday) == 1


@pytest.mark.parametrize(
    ("opened", "wants_out", "reason"),
    [
        pytest.param(THURSDAY, True, None, id="wanted out before the shortest hold"),
        pytest.param(WEDNESDAY, True, ExitReason.STRATEGY, id="wanted out at the shortest hold"),
        pytest.param(WEDNESDAY, False, None, id="not wanted out"),
        pytest.param(TUESDAY, False, ExitReason.END_OF_LIFE, id="at the longest hold"),
        pytest.param(MONDAY, False, ExitReason.END_OF_LIFE, id="past the longest hold"),
        pytest.param(MONDAY, True, ExitReason.END_OF_LIFE, id="both"),
    ],
)
def test_a_lot_is_due_by_its_age(opened, wants_out, reason):
    lot = a_lot(opened=opened, wants_out=wants_out, hold=Hold(min_days=2, max_days=3))

    due = due_exit(lot, FRIDAY, sellable=100)

    assert (due.reason if due else None) == reason


@pytest.mark.parametrize(
    ("reason", "purpose"),
    [
        (ExitReason.STRATEGY, OrderPurpose.EXIT),
        (ExitReason.END_OF_LIFE, OrderPurpose.PROTECTIVE),
        (ExitReason.LIMIT_BREACH, OrderPurpose.PROTECTIVE),
        (ExitReason.OPERATOR, OrderPurpose.PROTECTIVE),
    ],
)
def test_all_exits_but_a_strategys_protect(reason, purpose):
    due = exit_of(a_lot(), reason, sellable=100)

    assert due is not None
    assert due.purpose is purpose


def test_a_lot_nobody_said_how_long_to_hold_waits_for_a_wish():
    assert due_exit(a_lot(hold=None), FRIDAY, sellable=100) is None

    due = due_exit(a_lot(hold=None, opened=FRIDAY, wants_out=True), FRIDAY, sellable=100)
    assert due is not None
    assert due.reason is ExitReason.STRATEGY


@pytest.mark.parametrize(
    ("quantity", "sellable", "sold"),
    [(100, 100, 100), (100, 40, 40), (100, 0, None), (100, -5, None), (0, 0, None), (30, 100, 30)],
)
def test_no_more_is_sold_than_is_held_and_not_being_sold(quantity, sellable, sold):
    due = exit_of(a_lot(quantity=quantity), ExitReason.OPERATOR, sellable=sellable)

    assert (due.quantity if due else None) == sold


def test_due_lots_come_by_symbol_and_strategy():
    lots = [
        a_lot(symbol=Symbol("BBB"), wants_out=True),
        a_lot(symbol=Symbol("AAA"), strategy="Z", wants_out=True),
        a_lot(symbol=Symbol("AAA"), strategy="A", wants_out=True),
        a_lot(symbol=Symbol("AAA"), strategy="kept"),
        a_lot(symbol=Symbol("CCC"), wants_out=True),
    ]
    sellable = {lot.key: 100 for lot in lots[:-1]}

    due = due_lots(lots, FRIDAY, sellable=sellable)

    assert [(one.lot.symbol, one.lot.strategy) for one in due] == [
        ("AAA", "A"),
        ("AAA", "Z"),
        ("BBB", "MomentumStrategy"),
    ]


@pytest.mark.parametrize("direction", [Direction.SHORT, Direction.FLAT])
def test_a_wish_to_leave_closes_the_own_lot(direction):
    signal = a_received_signal(direction=direction)

    decision = on_exit_signal(signal, a_lot(), TODAY, sellable=100)

    assert not isinstance(decision, Refusal)
    assert decision.lot.wants_out
    assert decision.due is not None
    assert (decision.due.quantity, decision.due.reason) == (100, ExitReason.STRATEGY)


def test_a_wish_to_leave_before_the_shortest_hold_is_kept_on_record():
    lot = a_lot(opened=THURSDAY)

    decision = on_exit_signal(
        a_received_signal(direction=Direction.SHORT), lot, FRIDAY, sellable=100
    )

    assert not isinstance(decision, Refusal)
    assert decision.due is None
    assert due_exit(decision.lot, calendar.next_session_after(FRIDAY), sellable=100) is not None


def test_a_wish_to_leave_does_not_close_a_lot_opened_since():
    signal = a_received_signal(direction=Direction.SHORT, session=TUESDAY)

    since = on_exit_signal(signal, a_lot(opened=WEDNESDAY), FRIDAY, sellable=100)
    assert since.reason is RefusalReason.NOTHING_HELD
    assert on_exit_signal(signal, a_lot(opened=TUESDAY), FRIDAY, sellable=100).due.quantity == 100


@pytest.mark.parametrize("lot", [None, a_lot(quantity=0), a_lot(quantity=-5)])
def test_a_wish_to_leave_what_is_not_held_sells_nothing_short(lot):
    signal = a_received_signal(direction=Direction.SHORT)

    refusal = on_exit_signal(signal, lot, TODAY, sellable=100)

    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.NOTHING_HELD


@pytest.mark.parametrize(
    "signal",
    [
        a_received_signal(direction=Direction.LONG),
        a_received_signal(direction=Direction.SHORT, strategy="Another"),
        a_received_signal(direction=Direction.SHORT, symbol=Symbol("BBB")),
    ],
    ids=["a LONG", "another strategy's", "another symbol's"],
)
def test_no_other_signal_closes_a_lot(signal):
    with pytest.raises(ValueError, match="does not close"):
        on_exit_signal(signal, a_lot(), TODAY, sellable=100)


@given(
    age=st.integers(0, 12),
    least=st.integers(0, 10),
    more=st.integers(0, 5),
    wants_out=st.booleans(),
)
def test_lots_are_due_as_in_the_simulator(age, least, more, wants_out):
    hold = Hold(min_days=least, max_days=max(least + more, 1))
    session = calendar.shift_session(MONDAY, age)

    due = due_exit(a_lot(opened=MONDAY, hold=hold, wants_out=wants_out), session, sellable=100)

    # As `close_due` of the simulation's kernel says it.
    is_over = age >= hold.max_days
    assert (due is not None) == (is_over or (wants_out and age >= hold.min_days))
