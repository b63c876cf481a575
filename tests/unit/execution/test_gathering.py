"""What one decision is shown is as it is now, whatever was reckoned for the one before."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.risk.verdicts import EVERY_ORDER, let_pass
from tests.unit.execution.trading_day import TradingDay, a_document, references

AAA = Symbol("AAA")


@dataclass
class Onlooker:
    """A check that has nothing against anything, and keeps what it was shown."""

    name: str = "onlooker"
    holds_back: frozenset = EVERY_ORDER
    shown: list = field(default_factory=list)

    def check(self, _order, facts):
        self.shown.append(facts)
        return let_pass(self.name)

    @property
    def exposure(self):
        """The sums that were shown last."""
        return self.shown[-1].exposure


@pytest.fixture
def onlooker():
    return Onlooker()


@pytest.fixture
def day(onlooker):
    """A day in its window that looked at the market, with room for three orders of a symbol."""
    day = TradingDay(bounds={"max_position_pct": Decimal(9)}, more_checks=(onlooker,))
    day.go_to(5)
    day.steps(1)
    return day


def decide(day, symbol="AAA", *, strategy, quoting=True):
    """Let a strategy buy, and what it ordered be filled."""
    day.receive(a_document(symbol, strategy=strategy, win_rate=0.5, avg_win_loss_ratio=1.1))
    day.steps(3, quoting=quoting)


def test_what_was_bought_at_an_unchanged_price_is_held_in_the_next_decision(day, onlooker):
    decide(day, strategy="First")
    assert onlooker.exposure.by_symbol == {}
    decide(day, strategy="Second")

    bought = day.orders()[0].quantity
    assert onlooker.exposure.sellable == {("First", AAA): bought}
    assert onlooker.exposure.by_symbol == {AAA: 100 * bought}


def test_what_is_held_counts_at_the_price_of_now(day, onlooker):
    decide(day, strategy="First")
    decide(day, strategy="Second")
    before = onlooker.exposure.by_symbol[AAA]
    day.quote("AAA", bid=100.95, ask=101.05)
    decide(day, strategy="Third", quoting=False)

    held = sum(order.quantity for order in day.orders()[:2])
    assert before < onlooker.exposure.by_symbol[AAA] == 101 * held


def test_an_order_is_committed_beside_the_others_until_it_ends(onlooker):
    day = TradingDay(bounds={"max_position_pct": Decimal(9)}, more_checks=(onlooker,))
    broker = day.scripted()
    day.go_to(5)
    day.steps(1)
    for strategy in ("First", "Second", "Third"):
        decide(day, strategy=strategy)
    first, second, third = day.orders()
    wanted = {(one.strategy, AAA, one.side): one.order_id for one in (first, second)}
    assert onlooker.exposure.intents == wanted
    assert onlooker.exposure.by_symbol == {AAA: 100 * (first.quantity + second.quantity)}

    broker.tell("cancelled", first.order_id, reason="the day is over")
    decide(day, strategy="Fourth")

    assert onlooker.exposure.by_symbol == {AAA: 100 * (second.quantity + third.quantity)}
    assert {*onlooker.exposure.intents.values()} == {second.order_id, third.order_id}


def test_what_is_held_counts_in_the_sector_that_is_known_now(day, onlooker):
    decide(day, strategy="First")
    decide(day, strategy="Second")
    assert [*onlooker.exposure.by_sector] == ["sector of AAA"]
    day.facts.known = references(sectors={AAA: "elsewhere"})
    decide(day, "NEW", strategy="Waits for a quote")
    decide(day, strategy="Third")

    assert [*onlooker.exposure.by_sector] == ["elsewhere"]
