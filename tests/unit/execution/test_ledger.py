from dataclasses import replace
from datetime import timedelta

from alpha_oracle import calendar
from alpha_oracle.domain.orders import OrderStatus, Side, advance, fill_event
from alpha_oracle.domain.trading_records import Approval, BookRecord
from alpha_oracle.execution.ledger import HISTORY_SESSIONS, Ledger
from alpha_oracle.execution.quality import measure_quality
from tests.fakes.clock import FixedClock
from tests.fakes.scripted_broker import a_fill
from tests.fakes.trading import InMemoryTradingStore
from tests.trading import NOW, TODAY, WINDOW, an_order
from tests.unit.execution.positions import YESTERDAY
from tests.unit.execution.test_book import STATE

FIRST = calendar.shift_session(TODAY, 1 - HISTORY_SESSIONS)
LONG_AGO = calendar.shift_session(FIRST, -1)


def a_ledger(*orders, approvals=()):
    return Ledger(
        BookRecord(state=STATE, orders=orders, approvals=approvals),
        STATE,
        store=InMemoryTradingStore(),
        clock=FixedClock(NOW),
        simulated=True,
        measure=measure_quality,
        observe=lambda _change: None,
    )


def filled(order_id, session, **changes):
    order = an_order(order_id=order_id, session=session, **changes)
    clock = FixedClock(calendar.session_open(session))
    return advance(order, fill_event(order, a_fill(clock, execution_id=order_id, quantity=10)))


def test_what_was_closed_before_is_forgotten_but_what_a_broker_may_tell_of_once_more():
    ledger = a_ledger(
        filled("ancient", LONG_AGO), filled("old", FIRST), filled("new", TODAY),
        an_order(order_id="stuck", session=LONG_AGO),
    )  # fmt: skip
    ledger.forget(before=TODAY)

    assert set(ledger.past) == {"old", "new", "stuck"}
    assert set(ledger.past_executions) == {"old", "new"}
    assert set(ledger.book.orders) == {"new", "stuck"}


def test_day_trades_of_sessions_before_count_on():
    bought, sold = filled("a", YESTERDAY), filled("b", YESTERDAY, side=Side.SELL)
    later = replace(sold.history[0].fill, at=sold.history[0].at + timedelta(hours=1))
    sold = replace(sold, history=(replace(sold.history[0], fill=later),))
    ledger = a_ledger(bought, sold)
    ledger.forget(before=TODAY)

    assert ledger.day_trades.tally(WINDOW).counted == 1


def test_what_was_sent_a_moment_before_is_remembered():
    ledger = a_ledger(filled("old", YESTERDAY, created_at=NOW), filled("new", TODAY))
    ledger.forget(before=TODAY)

    assert ledger.activity.sends(NOW, within=timedelta(minutes=1)) == 2
    assert ledger.activity.trades(TODAY, besides=frozenset()) == 1


def test_a_humans_word_on_a_closed_order_is_forgotten():
    approval = Approval(
        order_id="old", requested_at=NOW, expires_at=NOW, price=None, reason="", checks=()
    )
    waiting = an_order(order_id="new", status=OrderStatus.AWAITING_APPROVAL)
    ledger = a_ledger(
        filled("old", YESTERDAY), waiting, approvals=(approval, replace(approval, order_id="new"))
    )
    ledger.forget(before=TODAY)

    assert set(ledger.approvals) == {"new"}
