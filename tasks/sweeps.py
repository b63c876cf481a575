"""A sweep by hand: checked, every combination tried, shown best first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.bootstrap.sweeps import sweep_inputs, sweep_summary, try_variant
from alpha_oracle.domain.backtests import BacktestInputs, Sizing
from alpha_oracle.domain.sweeps import SweepSummary
from alpha_oracle.domain.walk_forward import Parameter
from alpha_oracle.research.charts import data_uri
from alpha_oracle.research.sweeping import VariantFigures
from alpha_oracle.research.tear_sheet.sweeps import sweep_map_svg, sweep_rows
from tasks.artifacts import markdown_table

Grid: TypeAlias = dict[str, list[bool | int | float | str]]
"""Values to try, by parameter: a field of a form."""

SHOWN: Final = 20
"""So many variants stand in the summary; the table has all."""


@task(cache_policy=NO_CACHE)
def plan_sweep(
    strategy: str,
    *,
    grid: Mapping[str, Sequence[Parameter]],
    start: date | None,
    end: date | None,
    universe: Sequence[str],
    capital_usd: float,
    costs: Mapping[str, Any],
    sizing: str,
    walk_forward: bool,
) -> list[BacktestInputs]:
    """Check what is asked for, and lay it out combination by combination.

    Raises:
        ConfigurationError: something asked for cannot be; names it and what to do.
        DataError: no bars are stored.
    """
    with open_runtime() as runtime:
        return sweep_inputs(
            runtime,
            strategy=strategy,
            grid=grid,
            start=start,
            end=end,
            universe=universe,
            sizing=Sizing(sizing),
            walk_forward=walk_forward,
            settings={"capital_usd": capital_usd, "research": {"costs": dict(costs)}},
        )


@task(cache_policy=NO_CACHE)
def try_combination(inputs: BacktestInputs) -> VariantFigures:
    """Trade one combination on what is stored; the trial is on record then."""
    with open_runtime() as runtime:
        # What an earlier run of this process read may be old.
        runtime.markets.begin(flow_run.id)
        return try_variant(runtime, inputs)


@task(cache_policy=NO_CACHE)
def show_sweep(inputs: BacktestInputs, figures: Sequence[VariantFigures]) -> SweepSummary:
    """Judge the combinations together and show them; `inputs` are any combination's."""
    with open_runtime() as runtime:
        summary = sweep_summary(runtime, inputs, figures)
    title = f"{summary.strategy}: {summary.title}, {len(summary.variants)} combinations"
    create_table_artifact(table=sweep_rows(summary), key="sweep-results", description=title)
    create_markdown_artifact(
        markdown="\n".join(_page(summary)), key="sweep-summary", description=title
    )
    return summary


def _page(summary: SweepSummary) -> Iterator[str]:
    best = summary.variants[0]
    yield f"# {summary.strategy}, {len(summary.variants)} combinations"
    yield f"\n{summary.title}, {summary.first} to {summary.last}.\n"
    yield (
        "- The first of a list is there by luck as well. `deflated_sharpe` is the confidence, 0 to "
        f"1, that the true Sharpe ratio beats the luckiest of the {summary.trials} trials on "
        "record, this sweep among them."
    )
    if best.chance.luckiest_sharpe is not None:
        yield f"- Without any skill the luckiest would show {best.chance.luckiest_sharpe:.2f}."
    yield from (f"- Of the first: {note}." for note in best.notes)
    yield "\n## Best first\n"
    yield from markdown_table(sweep_rows(summary)[:SHOWN])
    if len(summary.variants) > SHOWN:
        yield f"\n{len(summary.variants) - SHOWN} more stand in the artifact `sweep-results`."
    drawn = sweep_map_svg(summary)
    if drawn is not None:
        yield f"\n## Sharpe ratio by both parameters\n\n![Sharpe ratios]({data_uri(drawn)})"
