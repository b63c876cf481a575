"""What a person sees of a run in the Prefect UI: progress, tables and a summary with a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, cast
from uuid import UUID

import numpy as np
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from alpha_oracle.domain.market import Session
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.domain.runs import PipelineReport
from alpha_oracle.domain.validation import ValidationReport
from alpha_oracle.ports.progress import Progress
from alpha_oracle.research.charts import data_uri, line_chart
from alpha_oracle.research.walk_forward import WalkForwardResult

CHART_POINTS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressBar:
    """A progress bar in the UI."""

    artifact_id: UUID
    stage: str
    total: int

    @classmethod
    def begin(cls, stage: str, *, total: int, description: str) -> Self:
        """Show an empty bar."""
        made = create_progress_artifact(progress=0.0, key=stage, description=description)
        return cls(artifact_id=cast("UUID", made), stage=stage, total=total)

    def show(self, done: int, *, watcher: Progress) -> None:
        """Show that `done` of the total are behind us, here and to whoever watches."""
        update_progress_artifact(self.artifact_id, progress=100.0 * done / max(self.total, 1))
        watcher.report(self.stage, done=done, total=self.total)


def show_validation(what: str, report: ValidationReport) -> None:
    """Show what the suite said of the bars of a session or range."""
    create_table_artifact(
        table=[
            {
                "expectation": result.expectation,
                "evaluated": result.evaluated,
                "failed": result.failed,
                "examples": ", ".join(result.examples),
            }
            for result in report.results
        ],
        key="validation-report",
        description=(
            f"{what}: {report.received} bars received, {report.accepted} accepted, "
            f"{report.quarantined} quarantined"
        ),
    )


def show_signals(session: Session, documents: Sequence[Mapping[str, object]]) -> None:
    """Show the signals of a session."""
    columns = ("symbol", "direction", "strength", "strategy", "reference_price", "expires_at")
    create_table_artifact(
        table=[{column: document[column] for column in columns} for document in documents],
        key="signals",
        description=f"{len(documents)} signals of {session}",
    )


def show_summary(report: PipelineReport, *, results: Sequence[WalkForwardResult]) -> None:
    """Show the run on one page: the facts, the ranking and the out-of-sample growth."""
    create_markdown_artifact(
        markdown=summary_markdown(report, results=results),
        key="run-summary",
        description=f"The run of {report.session}",
    )


def ranking_row(rank: StrategyRank) -> dict[str, object]:
    """A rank as a row a person reads."""
    metrics = rank.metrics
    return {
        "rank": rank.rank,
        "strategy": rank.strategy,
        "composite": round(rank.composite, 3),
        "may_trade": "yes" if rank.is_eligible else "no: " + "; ".join(rank.refusals),
        "sharpe": _rounded(metrics.sharpe),
        "sortino": _rounded(metrics.sortino),
        "max_drawdown_pct": round(metrics.max_drawdown_pct, 1),
        "profit_factor": _rounded(metrics.profit_factor),
        "consistency": round(rank.consistency, 3),
        **_evidence(rank),
        "trades": metrics.trades,
        "windows": rank.windows,
    }


def summary_markdown(report: PipelineReport, *, results: Sequence[WalkForwardResult]) -> str:
    """The run's page as Markdown."""
    lines = [f"# Session {report.session}", ""]
    lines += markdown_table(
        [{"what": what, "result": result} for what, result in report.facts.items()]
    )
    lines += ["", "## Strategies", ""]
    lines += markdown_table([ranking_row(rank) for rank in report.rankings])
    charted = [result for result in results if len(result.record.sessions)]
    if charted:
        lines += ["", "## Out of sample, 100 at the start", "", f"![equity]({_chart(charted)})"]
    return "\n".join(lines)


def _chart(results: Sequence[WalkForwardResult]) -> str:
    sessions = results[0].record.sessions
    return data_uri(
        line_chart(
            {result.strategy: _growth(result) for result in results},
            title="Walk-forward, stitched test windows",
            labels=(str(sessions[0]), str(sessions[-1])),
        )
    )


def _growth(result: WalkForwardResult) -> list[float]:
    growth = 100.0 * np.cumprod(1.0 + result.record.returns)
    every = max(1, len(growth) // CHART_POINTS)
    # Thinned from its end: where it ended is what a reader looks for.
    return [100.0, *growth[::-every][::-1].tolist()]


def markdown_table(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Rows as the lines of a Markdown table; a missing value is a dash."""
    if not rows:
        return ["none"]
    header = list(rows[0])
    lines = ["| " + " | ".join(name.replace("_", " ") for name in header) + " |"]
    lines.append("|" + "---|" * len(header))
    lines += ["| " + " | ".join(_cell(row[name]) for name in header) + " |" for row in rows]
    return lines


def _cell(value: object) -> str:
    return "-" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _evidence(rank: StrategyRank) -> dict[str, object]:
    evidence = rank.evidence
    if evidence is None:
        return {}
    low, high = evidence.sharpe_low, evidence.sharpe_high
    return {
        "sharpe_95": None if low is None or high is None else f"{low:.2f} to {high:.2f}",
        "deflated_sharpe": _rounded(evidence.deflated_sharpe),
        "trials": evidence.trials,
        "coverage_pct": _rounded(evidence.coverage_pct),
        "spy_return_pct": _rounded(evidence.benchmark_return_pct),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
