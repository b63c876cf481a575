"""What is known of symbols is known after a restart too: of those held and of those ordered."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.domain.trading_records import OperatorRequest, OperatorRequestKind
from tests.unit.execution.trading_day import SYMBOLS, TradingDay, a_document

ROOM_FOR_ONE = {"max_sector_pct": Decimal(6)}


def ordered(mode):
    """A day with an order of 4.9 % of equity for each of three symbols, in a sector each."""
    day = TradingDay(mode=mode, bounds=ROOM_FOR_ONE)
    broker = day.scripted()
    day.receive(*[a_document(symbol) for symbol in SYMBOLS[:3]])
    day.go_to(5)
    day.steps(3)
    for order in broker.submitted:
        broker.tell("accepted", order.order_id)
        broker.has(order.order_id)
    day.steps(1)
    assert len(day.orders()) == 3
    return day, broker


@pytest.mark.parametrize("mode", [AutonomyMode.PAPER_ONLY, AutonomyMode.MANUAL_APPROVAL])
def test_open_orders_keep_their_sectors_when_a_worker_is_started_anew(mode):
    day, broker = ordered(mode)
    day.another(broker=broker)
    day.steps(2)
    day.receive(a_document("DDD"))
    day.steps(3)

    assert [order.quantity for order in day.orders() if order.symbol == "DDD"] == [49]
    assert "sector_limit" not in day.alerts()


def test_an_approval_is_worth_the_same_to_a_worker_started_since():
    day, broker = ordered(AutonomyMode.MANUAL_APPROVAL)
    first = day.orders()[0]
    day.another(broker=broker)
    day.steps(2)
    day.operators.decide(first.order_id, approve=True, by="operator", at=day.clock.now())
    day.steps(2)

    assert [order.order_id for order in broker.submitted] == [first.order_id]


def test_shares_taken_over_from_the_broker_are_held_in_their_sectors():
    day = TradingDay(bounds=ROOM_FOR_ONE)
    day.go_to(1)
    day.steps(1)
    day.receive(a_document())
    day.go_to(5)
    day.steps(4)
    held = day.market.book.positions["AAA"]
    day.market.book.positions |= {Symbol(one): replace(held, quantity=40) for one in SYMBOLS[1:3]}
    request = OperatorRequest(
        request_id="accept",
        account="paper",
        kind=OperatorRequestKind.ACCEPT_BROKER,
        asked_at=day.clock.now(),
        asked_by="jane",
    )
    day.operators.ask(request)
    day.steps(3)

    assert day.shares("BBB") == day.shares("CCC") == 40
    assert "sector_limit" not in day.alerts()
