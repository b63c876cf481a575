"""Bars in: the universe, its bars in batches, and whether they are enough."""

from collections import ChainMap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from threading import Lock
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from alpha_oracle.bootstrap.pipeline import Runtime, open_runtime
from alpha_oracle.calendar import sessions_between
from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.runs import BackfillReport, RunInputs
from alpha_oracle.domain.validation import Completeness, IngestReport, merged_report
from alpha_oracle.marketdata import backfill, budget, ingestion, universe
from alpha_oracle.marketdata.backfill import BackfillStep
from tasks.artifacts import ProgressBar, show_validation
from tasks.bar_tables import attention_of, show_attention, show_plans, show_sources
from tasks.retries import is_transient

# Batches end in several threads: who counts later also shows later, so the bar ends at the truth.
_SHOWING: Final = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionProgress:
    """How many of a run's symbols are stored for its session, as a bar."""

    session: Session
    symbols: frozenset[Symbol]
    bar: ProgressBar

    def show(self, runtime: Runtime) -> None:
        """Show what is stored by now, whoever stored it."""
        with _SHOWING:
            there = runtime.market_stores.bars.symbols_stored(start=self.session, end=self.session)
            done = len(self.symbols & there.get(self.session, frozenset()))
            self.bar.show(done, watcher=runtime.progress)


@task(cache_policy=NO_CACHE)
def load_universe(run: RunInputs, *, source: str | None) -> list[list[Symbol]]:
    """Return the symbols of the session, ascending, in batches."""
    with open_runtime() as runtime:
        symbols = universe.load_universe(
            run.session,
            sources=runtime.bar_sources(source),
            stores=runtime.market_stores,
            only=run.symbols,
        )
        size = runtime.settings.data.batch_size
    return [list(symbols[start : start + size]) for start in range(0, len(symbols), size)]


@task(cache_policy=NO_CACHE)
def plan_requests(
    run: RunInputs, batches: Sequence[Sequence[Symbol]], *, source: str | None, force: bool
) -> None:
    """Refuse a session that needs more requests than the vendor's day has left; shows the plan.

    Raises:
        BudgetSpent: it does; nothing was asked for.
    """
    symbols = [symbol for batch in batches for symbol in batch]
    with open_runtime() as runtime:
        plans = budget.plan_requests(
            runtime.bar_sources(source),
            runtime.market_stores,
            symbols,
            session=run.session,
            force=force,
        )
    show_plans(str(run.session), plans)
    budget.require_budget(plans)


def show_ingestion(session: Session, batches: Sequence[Sequence[Symbol]]) -> IngestionProgress:
    """Show how far the session's bars are."""
    symbols = frozenset(symbol for batch in batches for symbol in batch)
    bar = ProgressBar.begin("ingestion", total=len(symbols), description=f"Bars of {session}")
    return IngestionProgress(session=session, symbols=symbols, bar=bar)


@task(
    task_run_name="ingest from {symbols[0]}",
    retries=3,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
)
def ingest_bars(
    symbols: Sequence[Symbol],
    *,
    run: RunInputs,
    source: str | None,
    force: bool,
    progress: IngestionProgress,
) -> IngestReport:
    """Fetch and store the session's bars; symbols already stored are skipped."""
    with open_runtime() as runtime:
        report = ingestion.ingest(
            runtime.bar_sources(source),
            runtime.market_stores,
            done=runtime.done,
            symbols=symbols,
            session=run.session,
            bounds=runtime.validation_bounds,
            min_completeness_pct=runtime.settings.data.min_completeness_pct,
            at=runtime.clock.now(),
            force=force,
        )
        progress.show(runtime)
    return report


@task(cache_policy=NO_CACHE)
def check_session(
    run: RunInputs,
    batches: Sequence[Sequence[Symbol]],
    reports: Sequence[IngestReport],
    *,
    source: str | None,
) -> Completeness:
    """Show what validation and the sources said, and refuse a session with too few bars."""
    _show_answers(str(run.session), reports)
    symbols = [symbol for batch in batches for symbol in batch]
    with open_runtime() as runtime:
        return ingestion.completeness(
            runtime.market_stores.bars,
            symbols,
            sources=[one.name for one in runtime.bar_sources(source)],
            session=run.session,
            min_pct=runtime.settings.data.min_completeness_pct,
            why_missing=ChainMap(*(dict(report.why_missing) for report in reports)),
        )


@task(cache_policy=NO_CACHE)
def backfill_range(
    start: date, end: date, *, source: str | None, symbols: Sequence[str] | None
) -> BackfillReport:
    """Fetch and store what is missing from `start` to `end`, some symbols at a time."""
    total = len(sessions_between(start, end))
    steps: list[BackfillStep] = []
    bar: ProgressBar | None = None
    with open_runtime() as runtime:
        fill = partial(
            backfill.backfill,
            runtime.bar_sources(source),
            runtime.market_stores,
            start=start,
            end=end,
            bounds=runtime.validation_bounds,
            clock=runtime.clock,
        )
        for step in fill(only=symbols):
            steps.append(step)
            bar = bar or ProgressBar.begin(
                "backfill", total=step.symbols_total, description=f"{start} to {end}"
            )
            bar.show(step.symbols_done, watcher=runtime.progress)
        if symbols is None and runtime.is_benchmark_asked:
            steps.extend(fill(benchmark=True))
    _show_answers(f"{start} to {end}", steps)
    return BackfillReport(
        start=start,
        end=end,
        sessions=total,
        stored=sum(step.stored for step in steps),
        quarantined=sum(step.quarantined for step in steps),
        lacking=tuple(sorted({symbol for step in steps for symbol in step.lacking})),
    )


def _show_answers(what: str, parts: Sequence[IngestReport | BackfillStep]) -> None:
    show_validation(what, merged_report(part.validation for part in parts))
    show_sources(what, [count for part in parts for count in part.sources])
    show_attention(what, attention_of(parts))
