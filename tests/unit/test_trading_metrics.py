"""What is told of trading."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from alpha_oracle.bootstrap.quality_metrics import quality_families
from alpha_oracle.bootstrap.trading_metrics import (
    account_families,
    backlog_families,
    reconciliation_families,
    risk_families,
    switch_families,
)
from alpha_oracle.domain.risk import KillSwitchReading
from alpha_oracle.domain.vital_signs import QualitySigns
from tests.contracts import trading_values as values
from tests.trading import NOW
from tests.unit.test_pipeline_metrics import NOTHING, told


def test_a_switch_that_cannot_be_read_counts_as_active_and_is_told_of_no_store():
    seen = told(switch_families(KillSwitchReading(database=False, mirror=None)))
    assert seen == {("kill_switch_active",): 1, ("kill_switch_store_active", "database"): 0}


def test_what_waits_is_told_with_how_long_it_has():
    waiting = replace(
        NOTHING,
        outbox_pending=3,
        outbox_oldest_at=NOW - timedelta(minutes=2),
        approvals_waiting=1,
        orders={("paper", "FILLED"): 4},
    )
    seen = told(backlog_families(waiting, now=NOW))
    assert seen["outbox_oldest_age_seconds",] == 120
    assert seen["approvals_waiting",] == 1
    assert seen["session_orders", "paper", "FILLED"] == 4
    assert told(backlog_families(NOTHING, now=NOW))["outbox_oldest_age_seconds",] == 0


def test_an_account_without_a_quote_has_no_equity_and_says_how_many_lack_one():
    portfolio = {
        "account": "paper",
        "cash_usd": 100.0,
        "equity_usd": None,
        "peak_equity_usd": 200.0,
        "previous_close_equity_usd": None,
        "positions": 2,
        "unpriced": ["AAA"],
    }
    seen = told(account_families([portfolio]))
    assert seen["account_cash_usd", "paper"] == 100
    assert seen["account_unpriced_symbols", "paper"] == 1
    assert ("account_equity_usd", "paper") not in seen


def test_a_limit_that_cannot_be_measured_is_breached_beside_its_bound():
    measured = {"name": "vix", "measured": 20.0, "bound": 35.0, "breached": False}
    unknown = {"name": "drawdown", "measured": None, "bound": 10.0, "breached": True}
    board = {
        "account": "paper",
        "breakers": [measured],
        "limits": [unknown],
        "age_seconds": 4.0,
    }
    seen = told(risk_families([board]))
    assert seen["risk_measured", "paper", "breaker", "vix"] == 20
    assert seen["risk_bound", "paper", "limit", "drawdown"] == 10
    assert seen["risk_breached", "paper", "limit", "drawdown"] == 1
    assert ("risk_measured", "paper", "limit", "drawdown") not in seen
    assert seen["risk_measured_age_seconds", "paper"] == 4


def test_a_reconciliation_is_told_as_a_fraction_of_equity_with_its_age():
    found = values.a_reconciliation(at=NOW, drift_pct=Decimal(2))
    seen = told(reconciliation_families([found], now=NOW + timedelta(minutes=5)))
    assert seen["reconciliation_drift_ratio", found.account] == 0.02
    assert seen["reconciliation_age_seconds", found.account] == 300
    assert seen["reconciliation_green", found.account] == found.is_green


def test_quality_is_told_by_window_and_statistic_and_what_was_not_measured_is_left_out():
    measures = {
        "slippage_bps": {"mean": 1.5, "p95": 9.0},
        "effective_spread_bps": {},
        "acceptance_seconds": {},
        "fill_seconds": {"p50": 2.0},
    }
    signs = QualitySigns(
        account="paper", order_type="LIMIT", orders=4, shortfall_usd=None, measures=measures
    )
    labels = ("paper", "LIMIT", "session")
    assert told(quality_families({"session": [signs], "month": []})) == {
        ("quality_orders", *labels): 4,
        ("quality_slippage_bps", *labels, "mean"): 1.5,
        ("quality_slippage_bps", *labels, "p95"): 9.0,
        ("quality_fill_seconds", *labels, "p50"): 2.0,
    }
