"""A ranking as a person reads it: the table, and every number of it explained."""

from collections.abc import Iterator, Mapping, Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from alpha_oracle.domain.market import Session
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.research.ranker import ScoreWeights, StrategyRanker, Thresholds, score_parts
from alpha_oracle.research.walk_forward import WalkForwardResult
from tasks.artifacts import markdown_table, ranking_row


def show_ranking(
    session: Session,
    ranks: Sequence[StrategyRank],
    *,
    ranker: StrategyRanker,
    results: Sequence[WalkForwardResult],
) -> None:
    """Show the ranking, with the reason beside each refusal, and where each number is from."""
    create_table_artifact(
        table=[ranking_row(rank) for rank in ranks],
        key="strategy-ranking",
        description=f"Walk-forward ranking of {session}",
    )
    create_markdown_artifact(
        markdown=explained(session, ranks, ranker=ranker, results=results),
        key="ranking-explained",
        description=f"Where the numbers of the ranking of {session} come from",
    )


def explained(
    session: Session,
    ranks: Sequence[StrategyRank],
    *,
    ranker: StrategyRanker,
    results: Sequence[WalkForwardResult],
) -> str:
    """The ranking's numbers, strategy by strategy, as Markdown."""
    by_name = {result.strategy: result for result in results}
    lines = [
        f"# The ranking of {session}, explained",
        "",
        *sorted({f"- {result.note}" for result in results}),
        "- Every figure is out of sample: each test window was sized by its own train window.",
        "- Sharpe and Sortino ratios are annualised with 252 sessions, risk-free 0.",
        "",
    ]
    for rank in ranks:
        lines += _of_strategy(rank, by_name[rank.strategy], ranker)
    return "\n".join(lines)


def _of_strategy(
    rank: StrategyRank, result: WalkForwardResult, ranker: StrategyRanker
) -> Iterator[str]:
    yield f"## {rank.rank}. {rank.strategy}: {rank.composite:.3f}"
    yield ""
    yield from markdown_table(list(_score_rows(rank, ranker.weights)))
    yield ""
    yield from (f"- {line}" for line in _verdicts(rank, ranker.thresholds))
    yield from (f"- {line}" for line in _believed(rank))
    yield from (f"- {line}" for line in _traded(rank, result))
    yield ""


def _score_rows(rank: StrategyRank, weights: ScoreWeights) -> Iterator[Mapping[str, object]]:
    for part in score_parts(rank.metrics, consistency=rank.consistency, weights=weights):
        yield {
            "part": part.name,
            "figure": None if part.figure is None else f"{part.figure:.3f}",
            "formula, held to 0..1": part.formula,
            "score": f"{part.score:.3f}",
            "weight": f"{part.weight:.2f}",
            "points": f"{part.points:.3f}",
        }


def _verdicts(rank: StrategyRank, thresholds: Thresholds) -> Iterator[str]:
    bounds = (
        f"Sharpe above {thresholds.min_sharpe:g}, profit factor above "
        f"{thresholds.min_profit_factor:g}, drawdown below {thresholds.max_drawdown_pct:g} %"
    )
    if rank.is_eligible:
        yield f"May trade: above every threshold ({bounds})."
    else:
        yield f"May not open positions ({bounds}): {'; '.join(rank.refusals)}."


def _believed(rank: StrategyRank) -> Iterator[str]:
    evidence = rank.evidence
    if evidence is None:
        return
    if evidence.sharpe_low is not None and evidence.sharpe_high is not None:
        yield (
            f"In 95 of 100 resampled histories the Sharpe ratio lay between "
            f"{evidence.sharpe_low:.2f} and {evidence.sharpe_high:.2f}."
        )
    if evidence.deflated_sharpe is not None:
        yield (
            f"Deflated Sharpe ratio {evidence.deflated_sharpe:.2f}: the confidence that the true "
            f"ratio beats the luckiest of the {evidence.trials} trials on record."
        )
    if evidence.benchmark_return_pct is not None:
        beside = "" if evidence.beta is None else f", beta {evidence.beta:.2f}"
        alpha = "" if evidence.alpha_pct is None else f", alpha {evidence.alpha_pct:.1f} % a year"
        yield (
            f"SPY returned {evidence.benchmark_return_pct:.1f} % over the same sessions, the "
            f"strategy {rank.metrics.total_return_pct:.1f} %{beside}{alpha}."
        )
    if evidence.coverage_pct is not None:
        yield f"{evidence.coverage_pct:.1f} % of the index's members of that time had bars."


def _traded(rank: StrategyRank, result: WalkForwardResult) -> Iterator[str]:
    metrics = rank.metrics
    won = "" if metrics.win_rate is None else f", {100.0 * metrics.win_rate:.0f} % of them won"
    ratio = metrics.avg_win_loss_ratio
    odds = "" if ratio is None else f", {ratio:.2f} won for 1 lost"
    yield (
        f"{metrics.trades} trades in {metrics.sessions} sessions{won}{odds}; "
        f"{metrics.exposure_pct:.0f} % invested, turnover {metrics.turnover:.1f} a year, "
        f"costs {metrics.costs_usd:,.0f} USD."
    )
    sized = [100.0 * window.kelly_fraction for window in result.windows]
    if sized:
        idle = sum(fraction <= 0 for fraction in sized)
        told = f"; {idle} of {len(sized)} windows had no edge to size by" if idle else ""
        yield f"Half Kelly of the train windows: {min(sized):.1f} to {max(sized):.1f} %{told}."
    if rank.parameters:
        named = ", ".join(f"{name} {value}" for name, value in rank.parameters.items())
        yield f"Traded next with {named}."
