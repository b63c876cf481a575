from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from alpha_oracle.domain.ranking import PerformanceMetrics, RankEvidence
from alpha_oracle.research import ranker
from alpha_oracle.research.ranker import ScoreWeights, StrategyRanker, Thresholds
from tests.unit.research.test_metrics import a_record
from tests.unit.research.walk_forwards import a_walk_forward, an_outcome

WEIGHTS = ScoreWeights(
    sharpe=0.30, sortino=0.20, drawdown=0.20, profit_factor=0.15, consistency=0.15
)
THRESHOLDS = Thresholds(min_sharpe=1.0, min_profit_factor=1.5, max_drawdown_pct=20.0)
GOOD = PerformanceMetrics(
    sessions=500,
    trades=40,
    total_return_pct=30.0,
    sharpe=1.5,
    sortino=2.0,
    max_drawdown_pct=10.0,
    profit_factor=2.0,
    win_rate=0.6,
    avg_win_loss_ratio=1.4,
    exposure_pct=80.0,
    turnover=4.0,
    costs_usd=100.0,
)


def test_the_composite_weighs_its_parts_as_contracted():
    # 1.5/3, 2/4, 1 - 10/50, (2 - 1)/2 and 0.9.
    expected = 0.30 * 0.5 + 0.20 * 0.5 + 0.20 * 0.8 + 0.15 * 0.5 + 0.15 * 0.9
    assert ranker.composite(GOOD, consistency=0.9, weights=WEIGHTS) == pytest.approx(expected)


def test_every_part_of_the_composite_is_clamped():
    best = replace(GOOD, sharpe=9.0, sortino=9.0, max_drawdown_pct=0.0, profit_factor=9.0)
    worst = replace(GOOD, sharpe=-1.0, sortino=-1.0, max_drawdown_pct=80.0, profit_factor=0.2)
    assert ranker.composite(best, consistency=2.0, weights=WEIGHTS) == pytest.approx(1.0)
    assert ranker.composite(worst, consistency=-1.0, weights=WEIGHTS) == 0.0


def test_figures_that_do_not_exist_score_what_they_mean():
    never_lost = replace(GOOD, profit_factor=None, sortino=None, win_rate=1.0)
    nothing = replace(
        GOOD, trades=0, sharpe=None, sortino=None, profit_factor=None, win_rate=None,
        total_return_pct=0.0,
    )  # fmt: skip
    full = 0.30 * 0.5 + 0.20 + 0.20 * 0.8 + 0.15 + 0.15
    assert ranker.composite(never_lost, consistency=1.0, weights=WEIGHTS) == pytest.approx(full)
    assert ranker.composite(nothing, consistency=0.0, weights=WEIGHTS) == pytest.approx(0.16)


def test_consistency_is_the_scatter_of_window_returns():
    # Sample deviation of 0, 10 and 20 percent is 10.
    assert ranker.consistency([0.0, 10.0, 20.0]) == pytest.approx(0.8)
    assert ranker.consistency([5.0]) == 0.0
    assert ranker.consistency([]) == 0.0


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        pytest.param({}, [], id="good enough"),
        pytest.param(
            {"sharpe": 1.0}, ["Sharpe ratio 1, above 1 required"], id="a Sharpe on the threshold"
        ),
        pytest.param(
            {"profit_factor": 1.5},
            ["profit factor 1.5, above 1.5 required"],
            id="a profit factor on the threshold",
        ),
        pytest.param(
            {"max_drawdown_pct": 20.0},
            ["drawdown 20 %, below 20 % required"],
            id="a drawdown on the threshold",
        ),
        pytest.param({"profit_factor": None, "win_rate": 1.0}, [], id="no loser"),
        pytest.param(
            {"profit_factor": None, "win_rate": 0.0},
            ["profit factor 0, above 1.5 required"],
            id="only trades that broke even",
        ),
        pytest.param(
            {"sharpe": None, "trades": 0, "profit_factor": None, "win_rate": None},
            [
                "no trade out of sample",
                "no Sharpe ratio (returns never varied), above 1 required",
            ],
            id="no trade",
        ),
        pytest.param(
            {"sharpe": 0.84216, "max_drawdown_pct": 31.25},
            ["Sharpe ratio 0.8422, above 1 required", "drawdown 31.25 %, below 20 % required"],
            id="two at once",
        ),
    ],
)
def test_a_refusal_names_both_figures(change, refusal):
    assert list(ranker.refusals(replace(GOOD, **change), THRESHOLDS)) == refusal


def _result(strategy, *, returns, profits=(10.0, -5.0)):
    windows = tuple(an_outcome(return_pct=return_pct) for return_pct in (1.0, 2.0))
    return a_walk_forward(a_record(returns, profits), strategy=strategy, windows=windows)


def test_strategies_are_ranked_by_composite_then_name():
    up = np.tile([0.01, -0.002], 50)
    ranking = StrategyRanker(weights=WEIGHTS, thresholds=THRESHOLDS).rank(
        [_result("C", returns=-up), _result("B", returns=up), _result("A", returns=up)],
        session=date(2016, 6, 30),
    )
    assert [(one.rank, one.strategy) for one in ranking] == [(1, "A"), (2, "B"), (3, "C")]
    assert ranking[0].composite == ranking[1].composite > ranking[2].composite
    assert ranking[0].is_eligible
    assert not ranking[2].is_eligible
    assert ranking[0].windows == 2
    assert ranking[0].consistency == pytest.approx(1 - 0.7071068 / 50)


def test_a_rank_carries_what_to_trade_with_and_how_far_to_believe_it():
    evidence = RankEvidence(
        sharpe_low=0.1,
        sharpe_high=2.0,
        deflated_sharpe=0.8,
        trials=4,
        coverage_pct=99.0,
        benchmark_return_pct=12.0,
        alpha_pct=3.0,
        beta=0.4,
    )
    result = a_walk_forward(
        a_record([0.01, -0.002]), strategy="A", parameters={"entry_fraction": 0.2}
    )
    (rank,) = StrategyRanker(weights=WEIGHTS, thresholds=THRESHOLDS).rank(
        [result], session=date(2016, 6, 30), evidence={"A": evidence}
    )
    assert rank.parameters == {"entry_fraction": 0.2}
    assert rank.evidence == evidence
