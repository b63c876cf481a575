"""A backtest by hand: checked, traded, shown."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from alpha_oracle.bootstrap.backtests import (
    backtest_inputs,
    run_backtest,
    save_tear_sheet,
    summary_of,
)
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.domain.backtests import BacktestInputs, BacktestSummary, Sizing
from alpha_oracle.domain.walk_forward import Parameter
from alpha_oracle.research.charts import data_uri
from alpha_oracle.research.report import BacktestReport
from alpha_oracle.research.tear_sheet.distributions import heat_map_svg
from alpha_oracle.research.tear_sheet.figures import equity_svg
from alpha_oracle.research.tear_sheet.tables import metrics_rows, trade_rows


@task(cache_policy=NO_CACHE)
def plan_backtest(
    strategy: str,
    *,
    parameters: Mapping[str, Parameter],
    start: date | None,
    end: date | None,
    universe: Sequence[str],
    capital_usd: float,
    costs: Mapping[str, Any],
    sizing: str,
    walk_forward: bool,
) -> BacktestInputs:
    """Check what is asked for, each rule across fields.

    Raises:
        ConfigurationError: something asked for cannot be; names it and what to do.
        DataError: no bars are stored.
    """
    with open_runtime() as runtime:
        return backtest_inputs(
            runtime,
            strategy=strategy,
            parameters=parameters,
            start=start,
            end=end,
            universe=universe,
            sizing=Sizing(sizing),
            walk_forward=walk_forward,
            settings={"capital_usd": capital_usd, "research": {"costs": dict(costs)}},
        )


@task(cache_policy=NO_CACHE)
def trade_backtest(inputs: BacktestInputs) -> BacktestReport:
    """Trade the strategy on what is stored."""
    with open_runtime() as runtime:
        # What an earlier run of this process read may be old.
        runtime.markets.begin(flow_run.id)
        return run_backtest(runtime, inputs)


@task(cache_policy=NO_CACHE)
def show_backtest(report: BacktestReport) -> BacktestSummary:
    """Write the tear sheet and show its parts in the UI."""
    with open_runtime() as runtime:
        path = save_tear_sheet(report, runtime.settings.home)
    title = f"{report.about.strategy}: {report.about.title}"
    create_table_artifact(table=metrics_rows(report), key="backtest-metrics", description=title)
    create_markdown_artifact(
        markdown=_charts(report, path), key="backtest-charts", description=title
    )
    create_table_artifact(table=trade_rows(report), key="backtest-trades", description=title)
    create_link_artifact(
        link=path.as_uri(),
        link_text=path.name,
        key="backtest-tear-sheet",
        description=f"{title}. The page lies at {path}; open it in a browser.",
    )
    return summary_of(report, tear_sheet=str(path))


def _charts(report: BacktestReport, path: Path) -> str:
    return "\n\n".join(
        (
            f"# {report.about.strategy}",
            report.about.title,
            *(f"- {note}" for note in report.about.notes),
            f"![equity and drawdown]({data_uri(equity_svg(report))})",
            "## Month by month",
            f"![monthly returns]({data_uri(heat_map_svg(report))})",
            f"The whole tear sheet: `{path}`",
        )
    )
