from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Barrier

import pytest

from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.domain.ranking import PerformanceMetrics, RankEvidence, StrategyRank

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)
SESSION = date(2016, 6, 1)
METRICS = PerformanceMetrics(
    sessions=504,
    trades=0,
    total_return_pct=0.1 + 0.2,
    sharpe=None,
    sortino=None,
    max_drawdown_pct=1e-300,
    profit_factor=None,
    win_rate=0.55,
    avg_win_loss_ratio=1 / 3,
    exposure_pct=40.0,
    turnover=3.5,
    costs_usd=12.25,
)


@pytest.fixture
def rankings(database):
    return PostgresRankings(database)


def a_rank(strategy, rank, *, session=SESSION, refusals=()):
    return StrategyRank(
        session=session,
        rank=rank,
        strategy=strategy,
        composite=0.5,
        consistency=0.9,
        windows=8,
        metrics=METRICS,
        refusals=refusals,
    )


def test_a_ranking_is_read_back_to_the_last_bit_best_first(rankings):
    ranks = [a_rank("Momentum", 1), a_rank("Breakout", 2, refusals=("sharpe 0.4 < 1.0",))]
    rankings.save(ranks[::-1], at=AT)
    assert rankings.rankings(session=SESSION) == ranks


def test_evidence_and_parameters_are_read_back_to_the_last_bit(rankings):
    evidence = RankEvidence(
        sharpe_low=-0.1,
        sharpe_high=1 / 3,
        deflated_sharpe=0.9,
        trials=12,
        coverage_pct=99.5,
        benchmark_return_pct=None,
        alpha_pct=1e-300,
        beta=-0.25,
    )
    told = replace(
        a_rank("Momentum", 1),
        parameters={"entry_fraction": 0.1, "max_hold_days": 63, "is_quick": True},
        evidence=evidence,
    )
    rankings.save([told], at=AT)
    assert rankings.rankings() == [told]


def test_a_ranking_replaces_the_one_before(rankings):
    rankings.save([a_rank("Momentum", 1), a_rank("Breakout", 2)], at=AT)
    rankings.save([a_rank("Breakout", 1)], at=AT)
    assert [rank.strategy for rank in rankings.rankings()] == ["Breakout"]


def test_one_session_ranked_by_many_at_once_has_the_ranking_of_one(rankings):
    ranks = [a_rank("Momentum", 1), a_rank("Breakout", 2)]
    begun = Barrier(4)

    def save_again_and_again(_):
        begun.wait()
        for _ in range(10):
            rankings.save(ranks, at=AT)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save_again_and_again, range(4)))
    assert rankings.rankings() == ranks


def test_rankings_of_all_sessions_come_newest_first_then_best_first(rankings):
    newest = a_rank("Momentum", 1, session=date(2016, 6, 2))
    older = [a_rank("Momentum", 1), a_rank("Breakout", 2)]
    rankings.save([newest], at=AT)
    rankings.save(older, at=AT.replace(day=3))
    assert rankings.rankings() == [newest, *older]
    assert rankings.rankings(limit=2) == [newest, older[0]]


def test_without_rankings_none_are_read(rankings):
    rankings.save([], at=AT)
    assert rankings.rankings() == []


def test_a_ranking_that_cannot_be_saved_leaves_the_old_one(rankings):
    old = [a_rank("Momentum", 1)]
    rankings.save(old, at=AT)
    broken = replace(a_rank("Momentum", 1), rank=0)
    with pytest.raises(Exception, match="rank"):
        rankings.save([broken], at=AT)
    assert rankings.rankings() == old


def test_pages_of_rankings_go_on_where_the_one_before_ended(rankings):
    sessions = [SESSION, SESSION.replace(day=SESSION.day + 1)]
    for session in sessions:
        ranks = [a_rank(name, rank, session=session) for rank, name in enumerate("ABC", start=1)]
        rankings.save(ranks, at=AT)
    whole, after, pages = rankings.rankings(), None, []
    while page := rankings.rankings(after=after, limit=2):
        pages += page
        after = page[-1].session, page[-1].rank
    assert pages == whole
    assert len(whole) == 6
