"""Strategies out of sample, and their ranking."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.evidence import evidence_of
from alpha_oracle.bootstrap.forecasts import walk_forward_of_model
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.domain.runs import RunInputs
from alpha_oracle.research.walk_forward import WalkForwardResult
from alpha_oracle.strategies import registry
from alpha_oracle.strategies.base import InformedStrategy
from tasks.rankings import show_ranking


def strategy_names(*, refuse_broken: bool = False) -> list[str]:
    """Return the name of every strategy that can be used.

    Raises:
        ConfigurationError: a package offers one that cannot, and those are refused.
    """
    if refuse_broken:
        registry.require_whole()
    return [strategy.name for strategy in registry.all()]


@task(cache_policy=NO_CACHE)
def evaluate_strategy(name: str, *, run: RunInputs) -> WalkForwardResult:
    """Walk a strategy forward over every stored session.

    One that models inform is not walked again: it stands as the run's model was judged.
    """
    with open_runtime() as runtime:
        # In a process of its own, this is the first step that reads the market.
        runtime.markets.begin(flow_run.id)
        terms = decision_terms(run.settings)
        strategy = terms.strategy(name)
        if isinstance(strategy, InformedStrategy):
            return walk_forward_of_model(runtime, run, strategy)
        return runtime.evaluator.evaluate(
            strategy,
            runtime.markets.market(run.session, as_of=run.as_of),
            terms=terms.trading,
            months=terms.months,
            grid=terms.grid(name),
        )


@task(cache_policy=NO_CACHE)
def rank_strategies(run: RunInputs, results: Sequence[WalkForwardResult]) -> list[StrategyRank]:
    """Rank the strategies, keep the ranking and show it."""
    with open_runtime() as runtime:
        ranker = decision_terms(run.settings).ranker
        ranking = ranker.rank(
            results,
            session=run.session,
            evidence=evidence_of(runtime, results, session=run.session, as_of=run.as_of),
        )
        runtime.rankings.save(ranking, at=runtime.clock.now())
    show_ranking(run.session, ranking, ranker=ranker, results=results)
    return ranking
