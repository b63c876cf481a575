"""What is told of the pipeline, and when a session counts as overdue."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle.bootstrap.pipeline_metrics import (
    model_families,
    overdue_sessions,
    ranking_families,
    run_families,
)
from alpha_oracle.domain.models import FeatureDrift, ModelHealth
from alpha_oracle.domain.ranking import PerformanceMetrics, StrategyRank
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.domain.vital_signs import RunSigns, VitalSigns

SESSION = date(2016, 6, 1)
AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)
DONE = RunSigns(
    session=SESSION,
    status=RunStatus.DONE,
    attempts=2,
    started_at=AT,
    finished_at=AT + timedelta(seconds=90),
    figures={"bars_expected": 480, "bars_stored": 479, "signals": 12},
)
NOTHING = VitalSigns(
    newest_run=None,
    newest_done=None,
    outbox_pending=0,
    outbox_oldest_at=None,
    approvals_waiting=0,
    held_bars=0,
    orders={},
    signals={},
)
FAILED = replace(DONE, session=date(2016, 6, 2), status=RunStatus.FAILED, figures={})
WELL = replace(NOTHING, newest_run=DONE, newest_done=DONE)


def told(families):
    """Values by name and labels."""
    return {
        (sample.name.removeprefix("alpha_oracle_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("now", "overdue"),
    [
        (datetime(2016, 6, 1, 23, 0, tzinfo=UTC), 0),
        (datetime(2016, 6, 2, 22, 29, tzinfo=UTC), 0),
        (datetime(2016, 6, 2, 22, 30, tzinfo=UTC), 1),
        (datetime(2016, 6, 5, 12, 0, tzinfo=UTC), 2),
        (datetime(2016, 6, 6, 22, 30, tzinfo=UTC), 3),
    ],
    ids=["done", "a minute before 18:30", "at 18:30", "on a Sunday", "after a weekend"],
)
def test_sessions_are_overdue_from_half_past_six_in_new_york(now, overdue):
    assert overdue_sessions(WELL, now=now) == overdue
    assert told(run_families(WELL, now=now))["pipeline_overdue_sessions",] == overdue


def test_in_winter_new_york_is_an_hour_later():
    done = replace(DONE, session=date(2016, 1, 5))
    signs = replace(NOTHING, newest_run=done, newest_done=done)
    assert overdue_sessions(signs, now=datetime(2016, 1, 6, 22, 45, tzinfo=UTC)) == 0
    assert overdue_sessions(signs, now=datetime(2016, 1, 6, 23, 30, tzinfo=UTC)) == 1


def test_a_first_run_that_fails_is_overdue_and_before_it_nothing_is():
    later = datetime(2016, 6, 3, 12, 0, tzinfo=UTC)
    assert overdue_sessions(NOTHING, now=later) == 0
    assert overdue_sessions(replace(NOTHING, newest_run=FAILED), now=later) == 1


def test_a_run_is_told_with_its_figures_its_time_and_its_age():
    seen = told(run_families(WELL, now=AT + timedelta(hours=1)))
    assert seen["pipeline_run_status", "done"] == 1
    assert seen["pipeline_run_status", "failed"] == 0
    assert seen["pipeline_run_attempts",] == 2
    assert seen["pipeline_run_seconds",] == 90
    # The session closed an hour before its decision instant.
    assert seen["pipeline_session_age_seconds",] == 7200
    assert seen["pipeline_bars_stored",] == 479
    assert ("pipeline_universe_symbols",) not in seen


def test_a_failed_run_hides_nothing_of_the_one_before():
    seen = told(run_families(replace(WELL, newest_run=FAILED), now=AT + timedelta(days=1)))
    assert seen["pipeline_run_status", "failed"] == 1
    assert seen["pipeline_signals",] == 12


def test_before_the_first_run_no_figure_stands_for_one():
    seen = told(run_families(NOTHING, now=AT))
    assert seen == {("pipeline_overdue_sessions",): 0, ("quarantined_bars",): 0}


def test_strategies_are_told_by_name_and_what_they_lack_is_left_out():
    metrics = PerformanceMetrics(
        sessions=504,
        trades=0,
        total_return_pct=0.0,
        sharpe=None,
        sortino=None,
        max_drawdown_pct=8.0,
        profit_factor=None,
        win_rate=None,
        avg_win_loss_ratio=None,
        exposure_pct=0.0,
        turnover=0.0,
        costs_usd=0.0,
    )
    rank = StrategyRank(
        session=SESSION,
        rank=1,
        strategy="A",
        composite=0.4,
        consistency=0.5,
        windows=4,
        metrics=metrics,
        refusals=("Sharpe",),
    )
    seen = told(ranking_families([rank]))
    assert seen["strategy_max_drawdown_ratio", "A"] == 0.08
    assert seen["strategy_eligible", "A"] == 0
    assert ("strategy_sharpe_ratio", "A") not in seen


def test_the_largest_drift_is_told_of_those_that_are_known():
    drifts = [("a", None, 0.1), ("b", 0.3, None), ("c", 0.2, 0.05)]
    health = ModelHealth(
        model_id="m",
        session=SESSION,
        features=tuple(
            FeatureDrift(name=name, psi=psi, ks=ks, known_fraction=1.0) for name, psi, ks in drifts
        ),
        outcomes=0,
        accuracy=None,
        baseline_accuracy=None,
        log_loss=None,
        calibration_error=None,
        breaches=("psi of b",),
    )
    seen = told(model_families(None, health, now=AT, max_age_days=14))
    assert seen == {
        ("model_active",): 0,
        ("model_age_bound_seconds",): 14 * 86_400,
        ("model_breaches",): 1,
        ("model_max_psi",): 0.3,
        ("model_max_ks_ratio",): 0.1,
    }
