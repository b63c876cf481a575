"""Sessions follow one another: actions of the morning, bases of the day, what operators ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.trading_records import OperatorRequest, OperatorRequestKind
from alpha_oracle.errors import BrokerAway
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document, references

NEXT = calendar.next_session_after(SESSION)


class SometimesAway:
    """A broker that does not tell everything while `is_away`."""

    def __init__(self, broker):
        self._broker = broker
        self.is_away = False

    def __getattr__(self, name):
        return getattr(self._broker, name)

    def snapshot(self):
        if self.is_away:
            raise BrokerAway("not now")
        return self._broker.snapshot()


def holding():
    """A day after which 49 AAA are held and its session is over."""
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    day.go_to(391)
    day.steps(2, seconds=10, quoting=False)
    assert day.shares() == 49
    return day


def an_action(kind, value, *, ex_date=NEXT):
    """A corporate action of AAA."""
    return CorporateAction(
        symbol=Symbol("AAA"),
        ex_date=ex_date,
        kind=ActionKind(kind),
        value=Decimal(value),
        known_at=calendar.session_close(SESSION),
    )


def morning(day, session=NEXT, *, close=100, minute=1):
    """Let a session have opened, AAA having closed at so much before it."""
    known = references(vix_close=(calendar.shift_session(session, -1), Decimal(15)))
    day.facts.known = replace(known, last_closes={Symbol("AAA"): Decimal(close)})
    day.go_to(minute, session=session)


@pytest.mark.parametrize(("ratio", "shares"), [("2", 98), ("0.5", 24)])
def test_a_split_changes_the_shares_here_and_at_the_broker(ratio, shares):
    day = holding()
    day.facts.corporate_actions.append(an_action("split", ratio))
    morning(day)
    day.steps(2, quoting=False)

    assert day.shares() == day.market.position("AAA") == shares
    assert day.memory.states["paper"].cash_usd == day.market.book.cash
    assert day.memory.reconciliations[-1].is_green


def test_a_dividend_comes_into_cash_once():
    day = holding()
    before = day.memory.states["paper"].cash_usd
    day.facts.corporate_actions.append(an_action("dividend", "0.50"))
    morning(day)
    day.steps(2, quoting=False)
    day.another()
    day.steps(2, quoting=False)

    after = day.memory.states["paper"].cash_usd
    assert after == day.market.book.cash == before + 49 * Decimal("0.50")


LATER = calendar.next_session_after(NEXT)


def known_late(*actions, day=None):
    """A day on which actions of the session before become known, once all is rolled into that."""
    day = day or holding()
    morning(day)
    day.steps(2, quoting=False)
    day.facts.corporate_actions += actions
    morning(day, LATER)
    day.steps(2, quoting=False)
    return day


@pytest.mark.parametrize(("ratio", "shares"), [("2", 98), ("0.5", 24)])
def test_a_split_that_became_known_late_is_applied_once_and_told(ratio, shares):
    day = known_late(an_action("split", ratio))
    assert day.shares() == day.market.position("AAA") == shares
    assert day.memory.reconciliations[-1].is_green
    assert day.alerts("warning") == ["late_corporate_action"]

    day.another()
    morning(day, calendar.next_session_after(LATER))
    day.steps(2, quoting=False)
    assert day.shares() == day.market.position("AAA") == shares
    assert day.memory.states["paper"].cash_usd == day.market.book.cash


def test_a_dividend_that_became_known_late_is_paid_once():
    day = holding()
    before = day.memory.states["paper"].cash_usd
    known_late(an_action("dividend", "0.50"), day=day)
    day.another()
    morning(day, calendar.next_session_after(LATER))
    day.steps(2, quoting=False)

    after = day.memory.states["paper"].cash_usd
    assert after == day.market.book.cash == before + 49 * Decimal("0.50")


def test_what_was_bought_after_the_ex_date_has_no_part_in_it():
    day = holding()
    before = day.memory.states["paper"].cash_usd
    known_late(an_action("dividend", "0.50", ex_date=SESSION), day=day)

    assert day.memory.states["paper"].cash_usd == day.market.book.cash == before
    assert day.alerts("warning") == []


def test_a_dividend_is_paid_on_what_was_sold_before_it_became_known():
    day = TradingDay()
    day.receive(a_document(min_hold_days=1, max_hold_days=1))
    day.go_to(5)
    day.steps()
    morning(day, minute=5)
    day.steps()
    assert day.shares() == 0
    before = day.memory.states["paper"].cash_usd
    day.facts.corporate_actions.append(an_action("dividend", "0.50"))
    morning(day, LATER)
    day.steps(2, quoting=False)

    after = day.memory.states["paper"].cash_usd
    assert after == day.market.book.cash == before + 49 * Decimal("0.50")


def test_what_the_brokers_truth_has_in_it_is_not_applied_again():
    day = holding()
    position = day.market.book.positions["AAA"]
    day.market.book.positions["AAA"] = replace(position, quantity=98)
    morning(day)
    day.steps(2, quoting=False)
    ask(day, OperatorRequestKind.ACCEPT_BROKER)
    assert day.shares() == 98
    day.facts.corporate_actions.append(an_action("split", "2"))
    day.another()
    morning(day, LATER)
    day.steps(2, quoting=False)

    assert day.shares() == day.market.position("AAA") == 98


def overtaken_by_a_split(day):
    """A day rolled into LATER, when AAA was split; then, a session on, a dividend comes late."""
    day.facts.corporate_actions.append(an_action("split", "2", ex_date=LATER))
    for session in (NEXT, LATER):
        morning(day, session)
        day.steps(2, quoting=False)
    day.facts.corporate_actions.append(an_action("dividend", "1"))
    for later in (1, 2):
        day.another()
        morning(day, calendar.shift_session(LATER, later), close=50)
        day.steps(2, quoting=False)


def test_an_action_that_a_later_split_overtook_is_left_to_an_operator_and_told_once():
    day = holding()
    cash = day.memory.states["paper"].cash_usd
    overtaken_by_a_split(day)

    assert day.memory.states["paper"].cash_usd == cash
    assert day.alerts("warning") == ["corporate_action_left_out"]


def test_an_overtaken_action_that_nobody_was_entitled_to_is_not_told():
    day = TradingDay()
    day.go_to(8 * 60)
    day.receive(a_document(session=SESSION))
    morning(day, minute=5)
    day.steps()
    assert day.shares() == 49
    overtaken_by_a_split(day)

    assert day.shares() == 98
    assert day.alerts("warning") == []


def test_an_overtaken_action_of_what_was_sold_since_is_told():
    day = TradingDay()
    day.receive(a_document(max_hold_days=2))
    day.go_to(5)
    day.steps()
    day.facts.corporate_actions.append(an_action("split", "2", ex_date=LATER))
    morning(day)
    day.steps(2)
    morning(day, LATER, minute=5)
    day.quote("AAA", bid=49.97, ask=50.03)
    day.steps(4, quoting=False)
    assert day.shares() == 0
    day.facts.corporate_actions.append(an_action("dividend", "1"))
    morning(day, calendar.shift_session(LATER, 1), close=50)
    day.steps(2, quoting=False)

    assert "corporate_action_left_out" in day.alerts("warning")


def test_a_split_leaves_a_lot_alone_that_was_sold_out_before_it():
    day = TradingDay()
    day.receive(a_document(min_hold_days=1, max_hold_days=1))
    day.go_to(5)
    day.steps()
    morning(day, minute=5)
    day.steps()
    day.facts.corporate_actions.append(an_action("split", "4", ex_date=LATER))
    for later in range(3):
        morning(day, calendar.shift_session(LATER, later))
        day.steps(2, quoting=False)

    (lot,) = day.memory.lots.values()
    assert (lot.quantity, lot.bought) == (0, 49)


def test_the_days_loss_counts_from_the_equity_of_the_close_before_its_actions():
    day = holding()
    day.facts.corporate_actions.append(an_action("split", "2"))
    cash = day.memory.states["paper"].cash_usd
    morning(day, close=90)
    day.steps(2, quoting=False)

    state = day.memory.states["paper"]
    assert state.previous_close_equity_usd == cash + 49 * 90
    day.quote("AAA", bid=45, ask=45)
    day.steps(1, quoting=False)
    assert day.engine.book.equity_usd() == cash + 98 * 45


def test_an_unknown_close_leaves_the_days_base_unknown():
    day = holding()
    morning(day)
    day.facts.known = references(last_closes={})
    day.steps(2, quoting=False)

    assert day.memory.states["paper"].previous_close_equity_usd is None
    (alert,) = [one for one in day.memory.announced("risk") if one.get("type") == "close_unknown"]
    assert "AAA" in alert["message"]


@pytest.mark.parametrize("apart", [0.3, 0.4, 0.5])
def test_a_session_that_is_rolled_into_late_is_decided_on_by_the_prices_of_now(apart):
    day = TradingDay(bounds={"max_position_pct": Decimal(50), "max_sector_pct": Decimal(100)})
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    broker = SometimesAway(day.market.another())
    day.another(broker=broker)
    day.go_to(391)
    day.steps(2, seconds=10, quoting=False)

    broker.is_away = True
    known = references(vix_close=(SESSION, Decimal(15)))
    day.facts.known = replace(known, session=NEXT)
    day.go_to(10, session=NEXT)
    day.operators.note("heartbeat", by="operator", at=day.clock.now())
    day.receive(a_document("BBB", session=SESSION))
    for step in range(240):
        broker.is_away = step < 40
        day.quote_all()
        day.quote("AAA", bid=79.9, ask=80.1)
        day.engine.step()
        day.clock.advance(seconds=0.5 if broker.is_away else apart)

    assert day.memory.reconciliations[-1].at.date() == NEXT
    assert day.shares("AAA") > 0
    # What is held fell by a fifth, beyond what a day may lose.
    assert day.shares("BBB") == 0


def test_the_peak_follows_the_equity_of_a_close_above_it():
    day = holding()
    morning(day, close=120)
    day.steps(2, quoting=False)

    state = day.memory.states["paper"]
    assert state.peak_equity_usd == state.previous_close_equity_usd > 100_000


def test_a_worker_that_was_away_for_days_catches_up_with_what_it_missed():
    day = holding()
    later = calendar.shift_session(SESSION, 4)
    day.facts.corporate_actions += [
        an_action("split", "2", ex_date=calendar.shift_session(SESSION, 2)),
        an_action("dividend", "0.25", ex_date=later),
    ]
    cash = day.memory.states["paper"].cash_usd
    morning(day, later, close=50)
    day.another()
    day.steps(2, quoting=False)

    state = day.memory.states["paper"]
    assert day.shares() == day.market.position("AAA") == 98
    assert state.previous_close_equity_usd == cash + 98 * 50
    assert state.cash_usd == day.market.book.cash == cash + 98 * Decimal("0.25")


def test_fills_of_the_session_before_are_booked_before_its_actions():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    while day.market.position("AAA") == 0:
        day.clock.advance(seconds=1)
        day.quote_all()
    day.facts.corporate_actions.append(an_action("split", "2"))
    morning(day)
    day.another()
    day.steps(2, quoting=False)

    assert day.shares() == day.market.position("AAA") == 98


def test_nothing_is_sent_before_the_session_is_rolled_into():
    day = holding()
    day.receive(a_document("BBB", session=SESSION))
    broker = day.scripted()
    broker.is_away = True
    morning(day, minute=6)
    day.steps(3)

    assert broker.submitted == []


def test_book_and_broker_are_held_together_at_the_start_in_hours_and_after_the_close():
    day = holding()
    morning(day, minute=-60)
    occasions = [one.occasion for one in day.memory.reconciliations]
    assert occasions[0] == "start"
    closing = calendar.session_close(SESSION)
    assert any(one.at >= closing for one in day.memory.reconciliations)

    morning(day)
    for _ in range(10):
        day.steps(1, seconds=60)
    todays = [one for one in day.memory.reconciliations if one.at.date() == NEXT]
    assert [one.occasion for one in todays[:2]] == ["session", "timer"]
    assert todays[1].at - todays[0].at >= timedelta(minutes=5)


def test_a_clock_that_is_set_back_stops_nobody_from_looking():
    day = TradingDay(bounds={"max_position_pct": Decimal(50), "max_sector_pct": Decimal(100)})
    day.receive(a_document())
    day.go_to(120)
    day.steps(5)
    reconciled = len(day.memory.reconciliations)
    day.go_to(60)
    for _ in range(30):
        day.quote_all()
        day.quote("AAA", bid=59.9, ask=60.1)
        day.engine.step()
        day.clock.advance(seconds=60)

    assert len(day.memory.reconciliations) >= reconciled + 6
    assert "portfolio_daily_loss" in day.alerts()


def test_a_batch_begins_on_a_reconciliation_of_now():
    day = TradingDay()
    day.go_to(4)
    day.steps(1)
    day.receive(a_document())
    day.go_to(6)
    day.steps(1)

    assert [one.occasion for one in day.memory.reconciliations] == ["start", "batch"]
    assert day.orders()[0].created_at == day.memory.reconciliations[1].at


def ask(day, kind, **changes):
    """Let an operator ask; return the answer the worker gave."""
    request = OperatorRequest(
        request_id=f"{kind}-1",
        account="paper",
        kind=kind,
        asked_at=day.clock.now(),
        asked_by="jane",
        **changes,
    )
    day.operators.ask(request)
    day.steps(4)
    return day.operators.request(request.request_id).answer


def test_the_peak_is_reset_to_the_equity_of_now():
    day = holding()
    morning(day, close=80)
    day.steps(2, quoting=False)
    answer = ask(day, OperatorRequestKind.RESET_PEAK)

    assert "100000" in answer
    assert day.memory.states["paper"].peak_equity_usd == day.engine.book.equity_usd()


def test_a_deposit_moves_cash_peak_and_the_days_base_and_no_profit():
    day = holding()
    before = day.memory.states["paper"]
    ask(day, OperatorRequestKind.TRANSFER, amount_usd=Decimal(5_000))

    after = day.memory.states["paper"]
    assert after.cash_usd - before.cash_usd == 5_000
    assert after.peak_equity_usd - before.peak_equity_usd == 5_000


def test_the_brokers_truth_is_taken_over_when_an_operator_accepts_it():
    day = holding()
    position = day.market.book.positions["AAA"]
    day.market.book.positions["AAA"] = replace(position, quantity=40)
    morning(day)
    day.steps(2, quoting=False)
    assert not day.memory.reconciliations[-1].is_green

    answer = ask(day, OperatorRequestKind.ACCEPT_BROKER)
    assert "AAA" in answer
    assert day.shares() == 40
    assert day.memory.reconciliations[-1].is_green


def test_the_brokers_truth_is_not_taken_over_while_orders_are_open():
    day = TradingDay()
    broker = day.scripted()
    day.receive(a_document())
    day.go_to(5)
    day.steps(2)
    broker.tell("accepted", broker.submitted[0].order_id)
    broker.has(broker.submitted[0].order_id)
    answer = ask(day, OperatorRequestKind.ACCEPT_BROKER)

    assert answer.startswith("not done: orders are open")


def test_the_brokers_truth_is_asked_for_again_while_the_broker_is_away():
    day = TradingDay()
    day.engine.step()
    broker = day.scripted()
    day.engine.step()
    broker.is_away = True
    assert ask(day, OperatorRequestKind.ACCEPT_BROKER) == ""

    broker.is_away = False
    day.steps(10)
    assert "taken over" in day.operators.request(f"{OperatorRequestKind.ACCEPT_BROKER}-1").answer


def test_a_peak_is_not_reset_to_an_unknown_equity():
    day = holding()
    morning(day)
    day.facts.known = references(last_closes={})
    day.steps(2, quoting=False)
    peak = day.memory.states["paper"].peak_equity_usd
    request = OperatorRequest(
        request_id="reset",
        account="paper",
        kind=OperatorRequestKind.RESET_PEAK,
        asked_at=day.clock.now(),
        asked_by="jane",
    )
    day.operators.ask(request)
    day.steps(3, quoting=False)

    assert "AAA" in day.operators.request("reset").answer
    assert day.memory.states["paper"].peak_equity_usd == peak


def test_a_transfer_of_no_amount_is_none():
    day = TradingDay()
    assert ask(day, OperatorRequestKind.TRANSFER) == "not done: it named no amount"


def test_an_old_execution_told_again_after_its_session_is_no_stranger():
    day = holding()
    morning(day)
    day.steps(2)
    day.another()
    day.steps(2)

    assert not day.memory.kill_switch.is_active
    assert day.shares() == 49


def test_a_price_decided_at_before_a_split_is_reckoned_in_shares_of_today():
    day = TradingDay()
    day.go_to(8 * 60)
    day.steps(1, quoting=False)
    day.facts.corporate_actions.append(an_action("split", "2"))
    day.receive(a_document(session=SESSION), a_document("BBB", session=SESSION))
    morning(day, minute=5)
    day.quote("AAA", bid=49.97, ask=50.03)
    day.quote("BBB")
    day.engine.step()

    prices = {order.symbol: order.reference_price for order in day.orders()}
    assert prices == {"AAA": 50, "BBB": 100}
    assert {order.status for order in day.orders()} != {"AWAITING_APPROVAL"}
