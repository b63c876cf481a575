"""One worker from signals to orders: when it works, in which order, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import OrderPurpose
from alpha_oracle.domain.quotes import Quote
from alpha_oracle.risk.verdicts import reduce_size
from tests.trading import an_order
from tests.unit.execution.trading_day import (
    MOMENTUM,
    SESSION,
    TradingDay,
    a_document,
    an_outcome,
    references,
    rejections,
)


def test_a_signal_becomes_an_order_that_fills_and_is_told():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    (order,) = day.orders()
    assert (order.status, order.quantity) == ("FILLED", 49)
    assert day.shares() == day.market.position("AAA") == 49
    assert an_outcome(day).order_id == order.order_id
    assert day.told() == ["order:submitted", "order:filled"]
    assert day.memory.qualities[order.order_id].filled_quantity == 49


def test_every_verdict_of_the_cascade_is_on_record_with_the_guards_own_row():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    (run,) = day.memory.cascade_runs
    assert run.order_id == day.orders()[0].order_id
    assert {"kill_switch", "position_limit", "autonomy_gate"} <= {one.check for one in run.verdicts}
    (decision,) = day.memory.day_trade_decisions
    assert decision.order_id == run.order_id


@pytest.mark.parametrize("minute", [-60, 0, 4.9, 375, 380, 500])
def test_nothing_is_sent_outside_the_execution_window(minute):
    day = TradingDay()
    day.receive(a_document())
    day.go_to(minute)
    day.steps(2)

    assert day.orders() == []


def test_a_signal_is_not_worked_in_the_session_it_was_decided_on():
    day = TradingDay()
    day.go_to(8 * 60)
    day.receive(a_document(session=SESSION))
    day.go_to(10)
    day.steps(2)

    assert not day.memory.outcomes


def test_a_signal_whose_window_passed_unused_expires_once():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(376)
    day.steps(2)

    assert an_outcome(day).kind == "expired"
    assert [one["refused_by"] for one in rejections(day)] == ["system"]


def test_an_entry_waits_for_its_quote():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps(2, quoting=False)
    assert not day.memory.outcomes

    day.steps(2)
    assert day.orders()[0].status == "FILLED"


def test_an_entry_whose_quote_never_came_expires_naming_it():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps(2, quoting=False)
    day.go_to(375)
    day.steps(1, quoting=False)

    assert "ask price unknown" in an_outcome(day).reason


def test_an_entry_waits_while_its_own_quote_is_old_and_the_feed_is_not():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.quote("AAA")
    day.clock.advance(minutes=6)
    day.quote("VIX", bid=14.9, ask=15.1)
    day.engine.step()
    assert not day.memory.outcomes

    day.steps(2)
    assert day.orders()[0].status == "FILLED"


def test_yesterdays_quote_is_none():
    day = TradingDay()
    day.receive(a_document())
    day.clock.set(day.clock.now().replace(day=1, hour=19))
    day.quote("AAA")
    day.go_to(5)
    day.steps(2, quoting=False)

    assert not day.memory.outcomes


def test_an_entry_waits_while_the_board_is_away():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.quote_all()
    day.market.board.is_away = True
    day.steps(2, quoting=False)
    assert not day.memory.outcomes

    day.market.board.is_away = False
    day.steps(2)
    assert day.orders()[0].status == "FILLED"


@pytest.mark.parametrize(
    ("unknown", "named"),
    [
        ({"sectors": {}}, "sector"),
        ({"adv_shares": {}}, "ADV"),
        ({"vix_close": None}, "VIX"),
    ],
)
def test_what_adds_risk_is_refused_for_an_unknown_fact_which_is_named(unknown, named):
    day = TradingDay()
    day.facts.known = references(**unknown)
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    assert day.orders() == []
    assert an_outcome(day).kind == "refused"
    assert named in an_outcome(day).reason
    assert [one["refused_by"] for one in rejections(day)] == ["risk"]


def test_a_panic_in_the_market_refuses_entries():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.market.board.publish(
        [
            Quote(
                symbol=Symbol("VIX"),
                bid=None,
                ask=None,
                last=Decimal(35),
                volume=None,
                at=day.clock.now(),
            )
        ]
    )
    day.steps(1)

    assert an_outcome(day).reason.startswith("vix:")


def six_fields(symbol="AAA", direction="LONG"):
    """A signal of the specification's six fields alone."""
    whole = json.loads(a_document(symbol, direction))
    names = ("event", "symbol", "direction", "strength", "strategy", "timestamp")
    return json.dumps({name: whole[name] for name in names})


def test_a_signal_of_six_fields_is_sized_by_its_strategys_latest_ranking():
    day = TradingDay()
    day.receive(six_fields())
    day.go_to(5)
    day.steps()

    (order,) = day.orders()
    assert order.status == "FILLED"
    assert order.hold == references().holds[MOMENTUM]
    assert order.reference_price == 100


def test_a_signal_of_six_fields_without_a_ranking_becomes_no_order():
    day = TradingDay()
    day.facts.known = references(standings={})
    day.receive(six_fields())
    day.go_to(5)
    day.steps()

    assert "no win statistics" in an_outcome(day).reason


def test_the_best_entry_takes_the_only_slot_whichever_came_first():
    day = TradingDay(bounds={"max_positions": 1})
    day.receive(a_document("AAA", strength=0.2))
    day.receive(a_document("BBB", strength=0.9))
    day.go_to(5)
    day.steps()

    assert [order.symbol for order in day.orders()] == ["BBB"]
    assert "max_positions" in an_outcome(day, 1).reason


def test_an_order_too_large_for_its_sector_is_reduced_and_routed_anew():
    day = TradingDay(bounds={"max_position_pct": Decimal(20), "max_sector_pct": Decimal(4)})
    day.facts.known = references(adv_shares={Symbol("AAA"): 10_000})
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    (order,) = day.orders()
    assert order.quantity == 39
    assert order.order_type == "LIMIT", "200 shares would have been a large order, 39 are medium"
    assert [run.verdicts[-1].check for run in day.memory.cascade_runs][-1] == "autonomy_gate"
    assert len(day.memory.cascade_runs) == 2


def test_the_same_document_twice_is_one_signal():
    day = TradingDay()
    assert day.receive(a_document()) == 1
    assert day.receive(a_document(), a_document()) == 0
    day.go_to(5)
    day.steps()

    assert len(day.orders()) == 1


def test_a_malformed_document_is_kept_and_never_traded():
    day = TradingDay()
    day.receive('{"event": "signal:generated"', a_document("AAA", strength=7))
    day.go_to(5)
    day.steps()

    assert day.orders() == []
    assert [one.source for one in day.memory.malformed] == ["stream", "stream"]


def test_a_signal_that_the_bus_lost_is_found_on_record():
    day = TradingDay()
    day.memory.documents["lost"] = (day.clock.now().date().replace(day=1), a_document())
    day.go_to(5)
    day.steps()

    assert day.shares() == 49


def test_a_strategy_does_not_buy_what_it_holds():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    day.receive(a_document(strength=0.9, id="another"))
    day.steps()

    assert "are held" in an_outcome(day, 1).reason
    assert len(day.orders()) == 1


def test_entries_are_spread_where_more_come_than_a_second_may_send():
    day = TradingDay(bounds={"max_orders_per_second": 1})
    day.receive(a_document("AAA"), a_document("BBB"), a_document("CCC"))
    day.go_to(5)
    day.steps(1)
    assert len(day.orders()) == 1

    day.steps(4)
    assert sorted(order.symbol for order in day.orders()) == ["AAA", "BBB", "CCC"]


def test_the_step_tells_when_something_is_due_again():
    day = TradingDay()
    day.steps(1, quoting=False)
    assert day.engine.step() == day.clock.now().replace(hour=13, minute=30, second=0)

    day.receive(a_document())
    day.go_to(5)
    assert (day.engine.step() - day.clock.now()).total_seconds() == 1


def test_references_are_asked_for_anew_in_every_session():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()
    day.facts.known = references(sectors={}, vix_close=(SESSION, Decimal(15)))
    day.go_to(8 * 60)
    day.receive(a_document("BBB", session=SESSION))
    day.go_to(5, session=calendar.next_session_after(SESSION))
    day.steps()

    assert "sector" in an_outcome(day, 1).reason


def test_while_an_open_purchase_has_no_price_nothing_else_is_bought():
    day = TradingDay()
    day.engine.step()
    unpriced = an_order(
        symbol=Symbol("ZZZ"),
        order_type="MARKET",
        limit_price=None,
        reference_price=None,
        status="SUBMITTED",
        session=SESSION,
        created_at=day.clock.now(),
    )
    day.memory.orders[unpriced.order_id] = unpriced
    broker = day.scripted()
    broker.has(unpriced.order_id)
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    assert "cash unknown" in an_outcome(day).reason
    assert broker.submitted == []


@dataclass(frozen=True)
class NeverContent:
    """A check that wants every order smaller by a share."""

    name: str = "never_content"
    holds_back: frozenset = frozenset(OrderPurpose)

    def check(self, order, _facts):
        return reduce_size(self.name, order.quantity - 1, "one less")


def test_an_order_that_shrinks_without_end_is_refused():
    day = TradingDay(more_checks=(NeverContent(),))
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    assert day.orders() == []
    assert "reduced 5 times" in an_outcome(day).reason


def test_others_see_every_change_once_it_is_committed():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.steps()

    assert {one.change_id for one in day.seen} <= day.memory.changes
    assert [outcome.kind for one in day.seen for outcome in one.outcomes] == ["ordered"]
