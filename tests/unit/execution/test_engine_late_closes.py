"""A close that comes late, as its pipeline did, is filled in: the day's loss has its base.

Every figure is worked by hand from the fills and the closes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.trading_records import OperatorRequest, OperatorRequestKind
from tests.fakes.trading_facts import InMemoryTradingFacts
from tests.unit.execution.trading_day import SESSION, TradingDay, a_document, an_outcome, references

NEXT = calendar.next_session_after(SESSION)
AAA = Symbol("AAA")


def rolled_without_a_close(*actions, closes=None, **document):
    """A day that holds 49 AAA and was rolled into NEXT; that closes of AAA came is not known."""
    day = TradingDay()
    day.receive(a_document(**document))
    day.go_to(5)
    day.steps()
    assert day.shares() == 49
    day.facts.corporate_actions += actions
    day.facts.known = references(last_closes=closes or {}, vix_close=(SESSION, Decimal(15)))
    day.go_to(1, session=NEXT)
    day.steps(2)
    assert base(day) is None
    return day


def let_it_come(day, close=90, *, minute=10):
    """Let the close of AAA be stored, and time go on."""
    known = references(last_closes={AAA: Decimal(close)}, vix_close=(SESSION, Decimal(15)))
    day.facts.known = known
    day.operators.note("heartbeat", by="operator", at=day.clock.now())
    day.go_to(minute, session=NEXT)
    day.steps(2)


def base(day):
    """What the day's loss counts from, on record."""
    return day.memory.states["paper"].previous_close_equity_usd


def an_action(kind, value):
    """A corporate action of AAA that goes ex on NEXT."""
    return CorporateAction(
        symbol=AAA,
        ex_date=NEXT,
        kind=ActionKind(kind),
        value=Decimal(value),
        known_at=calendar.session_close(SESSION),
    )


def test_the_days_base_is_filled_in_when_a_close_comes_late_and_entries_go_on():
    day = rolled_without_a_close()
    cash = day.memory.states["paper"].cash_usd
    let_it_come(day)
    assert base(day) == cash + 49 * 90

    day.receive(a_document("BBB", session=SESSION))
    day.steps()
    assert an_outcome(day, 1).kind == "ordered"


def test_a_worker_started_since_fills_the_days_base_in_too():
    day = rolled_without_a_close()
    cash = day.memory.states["paper"].cash_usd
    day.another()
    let_it_come(day)

    assert base(day) == cash + 49 * 90


def test_a_close_that_is_still_missing_is_asked_for_once_a_minute():
    day = rolled_without_a_close()
    facts = day.facts = _Asked(known=day.facts.known)
    day.another()
    day.steps(1)
    before = facts.times
    for _ in range(120):
        day.steps(1)

    assert base(day) is None
    assert facts.times - before == 2


@dataclass
class _Asked(InMemoryTradingFacts):
    times: int = 0

    def references(self, symbols, *, session):
        self.times += 1
        return super().references(symbols, session=session)


def test_what_the_session_traded_before_its_close_came_is_none_of_its_base():
    day = rolled_without_a_close(min_hold_days=1, max_hold_days=1)
    cash = day.memory.states["paper"].cash_usd
    day.go_to(5, session=NEXT)
    day.steps(4)
    assert day.shares() == 0
    let_it_come(day)

    assert base(day) == cash + 49 * 90


@pytest.mark.parametrize(
    "actions",
    [
        pytest.param([("dividend", "0.50")], id="dividend"),
        pytest.param([("split", "2")], id="split"),
        pytest.param([("dividend", "0.50"), ("split", "2")], id="both on one morning"),
    ],
)
def test_actions_of_the_morning_change_nothing_of_the_days_base(actions):
    cash = rolled_without_a_close().memory.states["paper"].cash_usd
    day = rolled_without_a_close(*(an_action(*one) for one in actions))
    let_it_come(day)

    assert base(day) == cash + 49 * 90


def test_what_a_split_paid_for_half_a_share_counts_as_it_was_paid():
    cash = rolled_without_a_close().memory.states["paper"].cash_usd
    day = rolled_without_a_close(an_action("split", "0.5"))
    paid = day.memory.states["paper"].cash_usd - cash
    let_it_come(day)

    assert day.shares() == 24
    assert base(day) == cash + 24 * 180 + paid


def test_an_action_of_the_morning_that_came_after_the_roll_is_not_taken_back():
    day = rolled_without_a_close()
    cash = day.memory.states["paper"].cash_usd
    day.facts.corporate_actions.append(an_action("dividend", "0.50"))
    let_it_come(day)

    assert base(day) == cash + 49 * 90


def test_a_deposit_made_meanwhile_moves_the_base_that_comes_late():
    day = rolled_without_a_close()
    cash = day.memory.states["paper"].cash_usd
    day.operators.ask(
        OperatorRequest(
            request_id="deposit",
            account="paper",
            kind=OperatorRequestKind.TRANSFER,
            asked_at=day.clock.now(),
            asked_by="jane",
            amount_usd=Decimal(5_000),
        )
    )
    day.steps(3)
    let_it_come(day)

    assert base(day) == cash + 5_000 + 49 * 90


def test_a_close_above_the_peak_that_comes_late_raises_it():
    day = rolled_without_a_close()
    let_it_come(day, 120)

    assert day.memory.states["paper"].peak_equity_usd == base(day) > 100_000
