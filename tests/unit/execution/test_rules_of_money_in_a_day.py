"""Rules of money that no other test shows whole, each in a day that a worker works."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode
from tests.unit.execution.trading_day import (
    MOMENTUM,
    SESSION,
    TradingDay,
    a_document,
    references,
    rejections,
)

TOMORROW = calendar.next_session_after(SESSION)


def holding(*documents, **changes):
    """A day that ended with what its signals bought, on the morning of the next."""
    day = TradingDay(**changes)
    day.receive(*(documents or (a_document(min_hold_days=1),)))
    day.go_to(5)
    day.steps(6)
    day.facts.known = replace(day.facts.known, vix_close=(SESSION, Decimal(15)))
    day.clock.set(calendar.session_open(TOMORROW) - timedelta(hours=1))
    day.steps(1, quoting=False)
    return day


def test_rule_1_a_wish_to_leave_sells_the_own_lot_and_limits_count_both():
    edge = {"min_hold_days": 1, "win_rate": 0.1, "avg_win_loss_ratio": None}
    other = a_document(strategy="BreakoutStrategy", **edge)
    day = holding(a_document(**edge), other, bounds={"max_position_pct": Decimal(8)})
    # Both want 5 % of equity, which are 49 shares; 8 % hold 79, whoever of the two has them.
    by_strategy = {lot.strategy: lot.quantity for lot in day.memory.lots.values()}
    assert by_strategy == {MOMENTUM: 49, "BreakoutStrategy": 30}

    day.receive(a_document(direction="SHORT", session=SESSION))
    day.go_to(5, session=TOMORROW)
    day.steps(6)
    assert day.shares() == 30


def test_rule_2_a_strategy_below_its_thresholds_still_leaves_and_no_longer_enters():
    day = holding()
    standing = replace(references().standings[MOMENTUM], is_eligible=False)
    day.facts.known = replace(day.facts.known, standings={MOMENTUM: standing})
    day.receive(
        a_document(direction="SHORT", session=SESSION, win_rate=None),
        a_document("BBB", session=SESSION, win_rate=None),
    )
    day.go_to(5, session=TOMORROW)
    day.steps(6)

    assert day.shares("AAA") == day.shares("BBB") == 0
    assert ["is below its thresholds" in one["reason"] for one in rejections(day)] == [True]


@pytest.mark.parametrize(
    ("statistics", "shares"),
    [
        # A half of 8 % is 4 % of 100,000 USD, at 100.05 USD each.
        pytest.param({"win_rate": 0.08, "avg_win_loss_ratio": None}, 39, id="no losers: half of w"),
        pytest.param({"win_rate": 0.0, "avg_win_loss_ratio": None}, 0, id="no winners: no order"),
        # (0.4 - 0.6 / 1.875) / 2 = 0.04.
        pytest.param({"win_rate": 0.4, "avg_win_loss_ratio": 1.875}, 39, id="half Kelly"),
    ],
)
def test_rule_4_the_statistics_of_a_signal_size_its_order(statistics, shares):
    day = TradingDay()
    day.receive(a_document(**statistics))
    day.go_to(5)
    day.steps(6)

    assert day.shares() == shares


def test_rule_5_an_order_is_sized_at_the_first_price_of_the_session_it_trades_in():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(5)
    day.quote(bid=98, ask=98)
    day.engine.step()

    (order,) = day.orders()
    assert order.session == SESSION
    # 5,000 USD at 98, not at the 100 of the close it was decided on.
    assert order.quantity == 51


def test_rule_6_paper_trades_the_book_paper_and_every_event_says_so():
    day = holding()

    assert {order.account for order in day.orders()} == {"paper"}
    assert all(order.simulated for order in day.orders())
    assert {one["simulated"] for one in day.memory.announced("orders")} == {True}


def test_rule_8_an_exit_passes_what_refuses_every_entry():
    day = holding()
    day.facts.known = replace(
        day.facts.known, sectors={}, adv_shares={}, vix_close=None, last_closes={}
    )
    day.memory.activities.clear()
    day.receive(a_document(direction="SHORT", session=SESSION), a_document("BBB", session=SESSION))
    day.go_to(5, session=TOMORROW)
    # Beside an unknown volume it is worked in slices.
    day.steps(8, seconds=61)

    assert day.shares("AAA") == day.shares("BBB") == 0


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        pytest.param({"adv": 4_900}, "share_of_volume", id="on 1 % of the daily volume"),
        pytest.param({"adv": 4_901}, None, id="just below it"),
        pytest.param({"reference": 97.0}, "reference_distance", id="3 % from the reference"),
        pytest.param({"reference": 97.5}, None, id="less than that"),
        pytest.param({"mode": AutonomyMode.MANUAL_APPROVAL}, "autonomy_gate", id="by hand"),
        pytest.param({"mode": AutonomyMode.FULL_AUTONOMOUS}, "autonomy_gate", id="full on paper"),
        pytest.param({"mode": AutonomyMode.BOUNDED_AUTONOMOUS}, None, id="bounded"),
    ],
)
def test_rule_10_who_asks_a_human(changes, asks):
    day = TradingDay(mode=changes.get("mode", AutonomyMode.PAPER_ONLY))
    adv = {Symbol("AAA"): changes.get("adv", 1_000_000)}
    day.facts.known = references(adv_shares=adv)
    day.receive(a_document(reference_price=changes.get("reference", 100.0)))
    day.go_to(5)
    day.quote(bid=99.95, ask=100.05)
    day.engine.step()

    checks = [one.checks for one in day.memory.approvals.values()]
    assert checks == ([] if asks is None else [(asks,)])


@pytest.mark.parametrize("is_paper", [True, False], ids=["paper", "live"])
def test_rule_10_a_paper_account_at_a_real_broker_is_not_live(is_paper):
    day = TradingDay(mode=AutonomyMode.FULL_AUTONOMOUS)
    broker = day.scripted()
    broker.is_simulated, broker.is_paper = False, is_paper
    day.receive(a_document())
    day.go_to(5)
    day.steps(1)

    assert (len(broker.submitted), len(day.memory.approvals)) == ((0, 1) if is_paper else (1, 0))
    assert ("autonomy_gate" in day.alerts()) is is_paper


def test_rule_11_a_day_counts_the_order_and_not_its_slices():
    day = TradingDay(bounds={"max_trades_per_day": 2})
    day.facts.known = references(adv_shares={Symbol("AAA"): 1_000_000, Symbol("BBB"): 1_000_000})
    day.go_to(5)
    day.receive(a_document())
    # A wide spread is worked in slices.
    day.quote(bid=99.5, ask=100.0)
    day.engine.step()
    for _ in range(4):
        day.clock.advance(seconds=61)
        day.quote(bid=99.5, ask=100.0)
        day.engine.step()
    assert len([one for one in day.orders() if one.parent_id]) > 2

    day.receive(a_document("BBB"))
    day.steps(4)
    assert day.shares("BBB") == 49


def test_rule_14_a_mismatch_alerts_and_below_one_percent_halts_nothing():
    day = holding()
    book = day.market.book
    held = book.positions[Symbol("AAA")]
    book.positions[Symbol("AAA")] = replace(held, quantity=held.quantity - 5)
    day.receive(a_document("BBB", session=SESSION))
    day.go_to(5, session=TOMORROW)
    day.steps(6)
    # 5 shares at 100 USD are half a percent.
    assert set(day.alerts("warning")) == set(day.alerts()) == {"reconciliation_mismatch"}
    assert day.shares("BBB") == 49


def test_rule_15_the_days_loss_counts_from_the_close_before_and_halts_entries_alone():
    day = holding(bounds={"max_daily_loss_pct": Decimal("0.5")})
    day.receive(a_document(direction="SHORT", session=SESSION), a_document("BBB", session=SESSION))
    day.go_to(5, session=TOMORROW)
    # 49 shares that fell by 12 USD are 0.59 % of equity.
    day.quote_all()
    day.quote(bid=87.95, ask=88.05)
    day.engine.step()

    day.clock.advance(seconds=1)
    day.quote_all()
    day.quote(bid=87.95, ask=88.05)
    day.engine.step()
    assert day.shares("AAA") == 0
    assert [one["reason"].partition(":")[0] for one in rejections(day)] == ["portfolio_daily_loss"]


def test_rule_19_a_stored_close_stands_in_for_a_quote_one_session_and_no_longer():
    day = holding()
    day.facts.known = replace(
        day.facts.known, vix_close=(calendar.shift_session(TOMORROW, -2), Decimal(15))
    )
    day.receive(a_document("BBB", session=SESSION))
    day.go_to(5, session=TOMORROW)
    day.steps(6)

    assert day.shares("BBB") == 0
    assert [one["reason"].startswith("vix: unknown") for one in rejections(day)] == [True]
