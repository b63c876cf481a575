"""Orders that wait for a human: decided once, and checked anew before they are sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.quotes import Quote
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.domain.trading_records import ApprovalStatus
from alpha_oracle.execution.sending import HALTED
from tests.unit.execution.trading_day import TradingDay, a_document, references, rejections


def asked(**changes):
    """A day in MANUAL_APPROVAL, and the order that waits in it."""
    day = TradingDay(mode=AutonomyMode.MANUAL_APPROVAL, **changes)
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    (order,) = day.orders()
    assert order.status == "AWAITING_APPROVAL"
    return day, order.order_id


def decide(day, order_id, *, approve=True):
    """Let a human decide."""
    day.operators.decide(order_id, approve=approve, by="jane", at=day.clock.now())


def status(day, order_id):
    """Where an order stands on record."""
    return day.memory.orders[order_id].status


def test_an_order_waits_for_a_human_and_is_told():
    day, order_id = asked()

    assert day.told() == ["order:approval_required"]
    assert day.memory.approvals[order_id].checks == ("autonomy_gate",)
    assert day.market.position("AAA") == 0


def test_an_approved_order_is_sent_as_it_was_approved():
    day, order_id = asked()
    decide(day, order_id)
    day.steps()

    order = day.memory.orders[order_id]
    assert (order.status, order.quantity, day.shares()) == ("FILLED", 49, 49)
    assert "jane" in order.history[0].reason
    assert [run.stage for run in day.memory.cascade_runs] == ["decision", "approval"]


def test_an_order_a_human_rejects_is_refused_by_the_operator():
    day, order_id = asked()
    decide(day, order_id, approve=False)
    day.steps()

    assert status(day, order_id) == "REJECTED"
    assert [one["refused_by"] for one in rejections(day)] == ["operator"]


def test_an_approval_is_checked_on_the_facts_of_then():
    day, order_id = asked()
    day.market.board.publish(
        [
            Quote(
                symbol=Symbol("VIX"),
                bid=None,
                ask=None,
                last=Decimal(50),
                volume=None,
                at=day.clock.now(),
            )
        ]
    )
    decide(day, order_id)
    day.steps()

    assert status(day, order_id) == "REJECTED"
    assert [one["refused_by"] for one in rejections(day)] == ["risk"]
    assert "vix" in rejections(day)[0]["reason"]


def test_an_order_that_would_have_to_shrink_is_no_longer_the_one_approved():
    day, order_id = asked(bounds={"max_position_pct": Decimal("4.92")})
    day.quote_all(bid=100.84, ask=100.94)
    decide(day, order_id)
    for _ in range(3):
        day.quote_all(bid=100.84, ask=100.94)
        day.engine.step()
        day.clock.advance(seconds=1)

    assert status(day, order_id) == "REJECTED"
    assert "position_limit" in rejections(day)[0]["reason"]


def test_an_approved_market_order_waits_for_a_fresh_quote():
    day, order_id = asked()
    day.clock.advance(seconds=10)
    decide(day, order_id)
    day.steps(2, quoting=False)
    assert status(day, order_id) == "AWAITING_APPROVAL"

    day.steps(2)
    assert status(day, order_id) == "FILLED"


def test_nobodys_word_by_the_end_of_the_window_ends_the_order():
    day, order_id = asked()
    day.go_to(375)
    day.steps(1)

    assert status(day, order_id) == "EXPIRED"
    assert day.memory.approvals[order_id].status == "expired"
    assert [one["refused_by"] for one in rejections(day)] == ["system"]


def test_the_kill_switch_keeps_an_approved_order_from_being_sent():
    day, order_id = asked()
    day.kill()
    decide(day, order_id)
    day.steps()
    assert status(day, order_id) == "AWAITING_APPROVAL"

    day.resume()
    day.steps()
    assert status(day, order_id) == "FILLED"


def test_a_switch_thrown_between_check_and_commit_lets_nothing_out():
    day, order_id = asked()
    decide(day, order_id)
    store = day.engine._ports.store

    def thrown_meanwhile(point):
        if point == "before commit" and not day.memory.kill_switch.is_active:
            day.kill()

    store.at = thrown_meanwhile
    day.steps(1)

    assert status(day, order_id) == "AWAITING_APPROVAL"
    assert day.market.broker.snapshot().orders == ()


def test_a_switch_thrown_while_the_commit_took_its_time_lets_nothing_out():
    day, order_id = asked()
    decide(day, order_id)

    def at(point):
        if point == "after commit" and status(day, order_id) == "PENDING":
            day.clock.advance(seconds=20)
            day.kill()

    broker = day.scripted()
    day.another(broker=broker, at=at)
    day.steps(2)

    assert broker.submitted == []
    assert day.memory.orders[order_id].history[-1].reason == HALTED


def test_what_waits_for_a_human_keeps_its_cash_and_its_place():
    day, _ = asked(bounds={"max_positions": 1})
    day.receive(a_document("BBB"))
    day.steps()

    assert "max_positions" in list(day.memory.outcomes.values())[1].reason


def test_an_approved_twap_is_worked_past_the_checks_that_asked_by_whichever_worker():
    day = TradingDay(mode=AutonomyMode.MANUAL_APPROVAL)
    day.facts.known = references(adv_shares={Symbol("AAA"): 4_000})
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    (order,) = day.orders()
    assert (order.status, order.order_type) == ("AWAITING_APPROVAL", "TWAP")

    decide(day, order.order_id)
    day.steps(10, seconds=5)
    day.another()
    day.steps(60, seconds=5)
    assert status(day, order.order_id) == "FILLED"
    assert len(day.orders()) == 6


def test_what_was_approved_and_never_could_be_sent_ends_with_the_window():
    day, order_id = asked()
    day.clock.advance(seconds=10)
    decide(day, order_id)
    day.steps(1, quoting=False)
    day.go_to(375)
    day.steps(1)

    assert status(day, order_id) == "EXPIRED"
    assert day.memory.approvals[order_id].status == "approved"


@pytest.mark.parametrize("approve", [True, False], ids=["approves", "rejects"])
def test_an_approval_that_lapsed_with_a_restoration_ends_its_order_whoever_presses(approve):
    day, order_id = asked()
    waiting = day.memory.approvals[order_id]
    day.memory.approvals[order_id] = replace(
        waiting, status=ApprovalStatus.EXPIRED, decided_at=day.clock.now()
    )
    day.another()
    decide(day, order_id, approve=approve)
    day.steps(3)

    assert (status(day, order_id), day.market.position("AAA")) == ("EXPIRED", 0)
    (told,) = rejections(day)
    assert (told["refused_by"], "a backup was restored" in told["reason"]) == ("system", True)


def test_an_approved_order_waits_while_the_mirror_cannot_be_read():
    day, order_id = asked()
    day.mirror.is_away = True
    decide(day, order_id)
    day.steps(3)
    assert status(day, order_id) == "AWAITING_APPROVAL"

    day.mirror.is_away = False
    day.steps(3)
    assert status(day, order_id) == "FILLED"


def test_an_approved_limit_order_goes_at_its_limit_where_nothing_is_offered_now():
    day = TradingDay(mode=AutonomyMode.MANUAL_APPROVAL)
    day.facts.known = references(adv_shares={Symbol("AAA"): 10_000})
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    (order,) = day.orders()
    assert order.limit_price == Decimal("100.05")
    quote = Quote(
        symbol=Symbol("AAA"),
        bid=Decimal("99.95"),
        ask=None,
        last=Decimal(100),
        volume=1_000_000,
        at=day.clock.now(),
    )
    day.market.board.publish([quote])
    decide(day, order.order_id)
    day.steps(1, quoting=False)
    assert day.memory.orders[order.order_id].status == "PENDING"

    day.steps(2)
    assert status(day, order.order_id) == "FILLED"


@pytest.mark.parametrize(("bid", "ask"), [(100.95, 101.05), (98.95, 99.05)])
def test_a_price_that_moved_by_a_hundredth_ends_the_order_at_once_and_names_both(bid, ask):
    day, order_id = asked()
    day.clock.advance(seconds=1)
    day.quote_all(bid=bid, ask=ask)
    day.engine.step()

    assert status(day, order_id) == "EXPIRED"
    assert day.memory.approvals[order_id].status == "expired"
    (refused,) = rejections(day)
    assert refused["refused_by"] == "system"
    assert "100.00" in refused["reason"]
    assert f"{(bid + ask) / 2:.2f}" in refused["reason"]


def test_a_price_that_moved_by_less_leaves_the_order_waiting():
    day, order_id = asked()
    day.quote_all(bid=100.94, ask=101.04)
    day.clock.advance(seconds=1)
    day.engine.step()

    assert status(day, order_id) == "AWAITING_APPROVAL"


def test_a_price_that_nobody_quotes_any_more_ends_nothing():
    day, order_id = asked()
    day.quote_all(bid=104.95, ask=105.05)
    day.clock.advance(seconds=6)
    day.engine.step()

    assert status(day, order_id) == "AWAITING_APPROVAL"


def test_an_order_approved_after_its_price_moved_is_not_sent():
    day, order_id = asked()
    decide(day, order_id)
    day.quote_all(bid=100.95, ask=101.05)
    day.engine.step()

    assert status(day, order_id) == "EXPIRED"
    assert day.memory.approvals[order_id].status == "approved"
    assert "1 %" in rejections(day)[0]["reason"]
    assert day.market.broker.snapshot().orders == ()


def test_an_approved_limit_order_waits_for_a_price_of_now():
    day = TradingDay(mode=AutonomyMode.MANUAL_APPROVAL)
    day.facts.known = references(adv_shares={Symbol("AAA"): 10_000})
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)
    (order,) = day.orders()
    day.clock.advance(seconds=10)
    decide(day, order.order_id)
    day.steps(2, quoting=False)
    assert status(day, order.order_id) == "AWAITING_APPROVAL"

    day.steps(2)
    assert status(day, order.order_id) == "FILLED"
