from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np

from alpha_oracle.domain.ranking import PerformanceMetrics, StrategyRank
from alpha_oracle.domain.runs import PipelineReport
from tasks import artifacts
from tests.unit.research.test_metrics import a_record
from tests.unit.research.walk_forwards import a_walk_forward

SESSION = date(2019, 11, 29)
RANK = StrategyRank(
    session=SESSION,
    rank=1,
    strategy="MomentumStrategy",
    composite=0.61234,
    consistency=0.98765,
    windows=5,
    metrics=PerformanceMetrics(
        sessions=250,
        trades=12,
        total_return_pct=10.0,
        sharpe=1.234,
        sortino=None,
        max_drawdown_pct=7.89,
        profit_factor=1.456,
        win_rate=0.5,
        avg_win_loss_ratio=1.2,
        exposure_pct=50.0,
        turnover=2.0,
        costs_usd=10.0,
    ),
    refusals=(),
)


def a_report(**changes):
    report = PipelineReport(
        session=SESSION,
        as_of=datetime(2019, 11, 29, 22, tzinfo=UTC),
        facts={"signals": 4},
        rankings=(RANK,),
    )
    return replace(report, **changes)


def a_result(returns, note="5 windows"):
    return a_walk_forward(a_record(returns), note=note)


def summary(report=None, results=()):
    return artifacts.summary_markdown(report or a_report(), results=results)


def test_a_rank_is_a_row_a_person_reads():
    row = artifacts.ranking_row(RANK)
    assert row["composite"] == 0.612
    assert (row["sharpe"], row["sortino"], row["profit_factor"]) == (1.23, None, 1.46)
    assert row["may_trade"] == "yes"


def test_a_refused_rank_says_why():
    row = artifacts.ranking_row(replace(RANK, refusals=("Sharpe 0.5", "drawdown 30")))
    assert row["may_trade"] == "no: Sharpe 0.5; drawdown 30"


def test_the_summary_tells_facts_strategies_and_growth():
    text = summary(results=[a_result([0.01, 0.02])])
    assert text.startswith("# Session 2019-11-29\n")
    assert "| signals | 4 |" in text
    assert "| 1 | MomentumStrategy | 0.612 | yes | 1.23 | - |" in text
    assert "](data:image/svg+xml;base64," in text


def test_a_summary_without_windows_has_no_chart():
    assert "data:image" not in summary(results=[a_result([])])


def test_a_summary_without_strategies_says_none():
    assert "## Strategies\n\nnone" in summary(a_report(rankings=()))


def test_a_cell_cannot_break_its_table():
    text = summary(a_report(facts={"error": "a | b\nc"}))
    assert r"| error | a \| b c |" in text


def test_a_long_growth_is_thinned_and_keeps_both_ends():
    returns = np.full(1001, 0.001)
    growth = artifacts._growth(a_result(returns))
    assert len(growth) <= artifacts.CHART_POINTS + 102
    assert growth[0] == 100.0
    np.testing.assert_allclose(growth[-1], 100.0 * 1.001**1001)
