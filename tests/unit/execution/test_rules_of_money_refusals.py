"""Every reason the specification rejects an order for, told to others as it has it.

Each day begins with one signal that would become an order, and differs in what stands against it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.domain.simulated import BookPosition
from tests.unit.execution.trading_day import (
    MOMENTUM,
    SYMBOLS,
    TradingDay,
    a_document,
    references,
    rejections,
)


def work(day, *documents):
    """Let signals come in before the open and be worked in the window; return what was refused."""
    day.receive(*(documents or (a_document(),)))
    day.go_to(5)
    day.steps(6)
    return [(one["refused_by"], one["reason"]) for one in rejections(day)]


def test_an_order_against_which_nothing_stands_is_not_rejected():
    day = TradingDay()

    assert work(day) == []
    assert day.shares() == 49


def the_only_refusal(refused):
    """The one thing that was refused: by whom, and why."""
    assert len(refused) == 1, refused
    return refused[0]


def test_kill_switch_active_rejects():
    day = TradingDay()
    day.kill()

    by, reason = the_only_refusal(work(day))
    assert by == "risk"
    assert reason.startswith("kill_switch: ")


def test_vix_above_35_rejects():
    day = TradingDay()
    day.go_to(4)
    day.quote("VIX", bid=35.01, ask=35.01)

    by, reason = the_only_refusal(work(day))
    assert by == "risk"
    assert reason.startswith("vix: ")


def test_data_older_than_five_minutes_rejects_what_it_kept_waiting_to_the_end():
    day = TradingDay()
    day.go_to(5)
    day.quote_all()
    day.receive(a_document())
    day.go_to(11)
    day.steps(3, quoting=False)
    assert rejections(day) == []
    assert day.orders() == []

    day.go_to(375)
    day.steps(1, quoting=False)
    by, reason = the_only_refusal([(one["refused_by"], one["reason"]) for one in rejections(day)])
    assert by == "system"
    assert "it waited for: stale_data: age of the feed" in reason


def test_broker_positions_that_drift_above_a_hundredth_reject():
    day = TradingDay()
    day.engine.step()
    held = BookPosition(quantity=20, mark=Decimal(100))
    day.market.book.positions[Symbol("BBB")] = held

    by, reason = the_only_refusal(work(day))
    assert by == "risk"
    assert reason.startswith("reconciliation_drift: ")


def test_an_operator_gone_for_48_hours_rejects():
    day = TradingDay()
    day.memory.activities.clear()

    by, reason = the_only_refusal(work(day))
    assert by == "risk"
    assert reason.startswith("dead_man: ")


def test_an_operator_who_was_never_seen_counts_from_the_first_sign():
    day = TradingDay()
    day.memory.activities.clear()
    assert the_only_refusal(work(day))[1].startswith("dead_man: ")

    day.operators.note("heartbeat", by="operator", at=day.clock.now())
    day.receive(a_document("BBB"))
    day.steps()
    assert [order.symbol for order in day.orders()] == ["BBB"]


def test_no_day_trade_left_rejects():
    day = TradingDay(bounds={"max_day_trades": 0, "equity_threshold": Decimal(1_000_000)})

    by, reason = the_only_refusal(work(day))
    assert by == "risk"
    assert reason.startswith("day_trade_guard: no day trade left")


def test_a_position_at_five_percent_rejects():
    day = TradingDay()
    other = a_document(strategy="BreakoutStrategy", strength=0.1)

    by, reason = the_only_refusal(work(day, a_document(), other))
    assert by == "risk"
    assert reason.startswith("position_limit: ")


def test_a_sector_at_its_share_rejects():
    day = TradingDay(bounds={"max_sector_pct": Decimal(5)})
    day.facts.known = references(sectors=dict.fromkeys(map(Symbol, SYMBOLS), "Energy"))

    by, reason = the_only_refusal(work(day, a_document(), a_document("BBB", strength=0.1)))
    assert by == "risk"
    assert reason.startswith("sector_limit: ")


def test_a_price_below_five_dollars_rejects():
    day = TradingDay()
    day.receive(a_document(reference_price=4.99))
    day.go_to(5)
    day.quote(bid=4.98, ask=4.99)
    day.engine.step()

    by, reason = the_only_refusal([(one["refused_by"], one["reason"]) for one in rejections(day)])
    assert by == "risk"
    assert reason.startswith("min_price: ")


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        pytest.param(
            {"peak_equity_usd": Decimal(112_000)}, "portfolio_drawdown", id="10 % from the peak"
        ),
        pytest.param(
            {"previous_close_equity_usd": Decimal(104_000)},
            "portfolio_daily_loss",
            id="3 % in a day",
        ),
    ],
)
def test_a_loss_past_its_bound_rejects(changes, check):
    day = TradingDay()
    day.engine.step()
    day.go_to(4)
    day.engine.step()
    day.memory.states["paper"] = replace(day.memory.states["paper"], **changes)
    day.another()

    by, reason = the_only_refusal(work(day))
    assert by == "risk"
    assert reason.startswith(f"{check}: ")


@pytest.mark.parametrize(
    ("bound", "check"),
    [
        pytest.param("max_positions", "max_positions", id="positions"),
        pytest.param("max_trades_per_day", "max_trades_per_day", id="trades a day"),
    ],
)
def test_a_number_that_is_reached_rejects(bound, check):
    day = TradingDay(bounds={bound: 1})

    by, reason = the_only_refusal(work(day, a_document(), a_document("BBB", strength=0.1)))
    assert by == "risk"
    assert reason.startswith(f"{check}: ")


def test_cash_down_to_the_reserve_rejects():
    day = TradingDay(bounds={"min_cash_pct": Decimal(96)})

    by, reason = the_only_refusal(work(day, a_document(), a_document("BBB", strength=0.1)))
    assert by == "risk"
    assert "above the reserve buy no share" in reason


def test_half_kelly_of_nothing_rejects():
    by, reason = the_only_refusal(work(TradingDay(), a_document(win_rate=0.3)))
    assert by == "risk"
    assert reason.startswith(f"half Kelly of {MOMENTUM} is -")


def test_a_strategy_below_its_thresholds_rejects():
    day = TradingDay()
    known = references().standings[MOMENTUM]
    day.facts.known = references(standings={MOMENTUM: replace(known, is_eligible=False)})

    by, reason = the_only_refusal(work(day, a_document(win_rate=None)))
    assert by == "risk"
    assert "is below its thresholds" in reason


def test_a_human_who_says_no_rejects():
    day = TradingDay(mode=AutonomyMode.MANUAL_APPROVAL)
    assert work(day) == []
    (order_id,) = day.memory.approvals
    day.operators.decide(order_id, approve=False, by="operator", at=day.clock.now())
    day.steps(1)

    by, reason = the_only_refusal([(one["refused_by"], one["reason"]) for one in rejections(day)])
    assert by == "operator"
    assert reason == "rejected by operator"


def test_a_broker_that_says_no_rejects():
    day = TradingDay(faults={"rejected_pct": 100})

    by, _ = the_only_refusal(work(day))
    assert by == "broker"


def test_a_signal_whose_time_is_over_is_rejected_by_the_system():
    day = TradingDay()
    day.receive(a_document())
    day.go_to(380)
    day.steps(1)

    by, reason = the_only_refusal([(one["refused_by"], one["reason"]) for one in rejections(day)])
    assert by == "system"
    assert reason.startswith("expired at ")
