"""Walk-forward every strategy on what is stored."""

from datetime import date

from prefect import flow, unmapped

from alpha_oracle.domain.ranking import StrategyRank
from tasks.alerts import report_failure
from tasks.features import compute_features
from tasks.runners import side_by_side
from tasks.session import plan_ranking
from tasks.strategies import evaluate_strategy, rank_strategies, strategy_names


@flow(name="rank", on_failure=[report_failure], on_crashed=[report_failure])
def rank_stored(session: date | None = None) -> list[StrategyRank]:
    """Rank every strategy as of a session's decision, without signals.

    Args:
        session: the last session looked at; none means the newest one stored.
    """
    names = strategy_names(refuse_broken=True)
    run = plan_ranking(session)
    compute_features(run)
    results = side_by_side(evaluate_strategy, name=names, run=unmapped(run))
    return rank_strategies(run, results)
