"""What is known beside bars: each family brought up to date, before the features read it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from alpha_oracle.bootstrap.pipeline import Runtime, open_runtime
from alpha_oracle.bootstrap.reference import ASKED
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.reference import Family, FamilyReport
from alpha_oracle.domain.runs import RunInputs
from alpha_oracle.marketdata.reference.intake import FullRefresh
from alpha_oracle.marketdata.universe import followed_symbols
from tasks.artifacts import ProgressBar
from tasks.reference_tables import show_family, show_reference
from tasks.retries import is_transient

STEPS_SHOWN: Final = 20
HISTORY_DAYS: Final = 400
"""How far back a full refresh reaches unless told: a year of windows, and some weeks."""


def families() -> list[Family]:
    """Return the families that somebody can be asked for."""
    return list(ASKED)


@task(
    task_run_name="refresh {family}",
    retries=3,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
)
def refresh_family(
    family: Family,
    *,
    run: RunInputs,
    batches: Sequence[Sequence[Symbol]],
    source: str | None,
    force: bool,
) -> FamilyReport:
    """Ask for what is new of a family; a source that is away leaves a report, not a failed run."""
    if force:
        return FamilyReport(family=family)
    symbols = [symbol for batch in batches for symbol in batch]
    with open_runtime() as runtime:
        return runtime.reference.daily(family, symbols, session=run.session, bars_from=source)


@task(cache_policy=NO_CACHE)
def show_families(run: RunInputs, reports: Sequence[FamilyReport]) -> None:
    """Show what each family's source said."""
    show_reference(str(run.session), reports)


@task(
    task_run_name="refresh all of {family}",
    retries=3,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
)
def refresh_history(
    family: Family,
    *,
    symbols: Sequence[str] | None,
    start: date | None = None,
    max_age_days: int,
) -> FamilyReport:
    """Ask for the whole history of a family; a repetition goes on where it was killed."""
    with open_runtime() as runtime:
        named = None if symbols is None else [parse_symbol(symbol) for symbol in symbols]
        today = runtime.clock.now().astimezone(NEW_YORK).date()
        report = runtime.reference.full(
            family,
            named or followed_symbols(runtime.market_stores),
            reach=FullRefresh(
                start=start or today - timedelta(days=HISTORY_DAYS),
                worth_asking_after=timedelta(days=max_age_days),
            ),
            show=_shown(family, runtime),
        )
    show_family(report)
    return report


def _shown(family: Family, runtime: Runtime) -> Callable[[int, int], None]:
    bar: list[ProgressBar] = []

    def show(done: int, total: int) -> None:
        if not bar:
            description = f"{family.value.replace('_', ' ')} answered"
            bar.append(ProgressBar.begin(_key(family), total=total, description=description))
        if done == total or done % max(total // STEPS_SHOWN, 1) == 0:
            bar[0].show(done, watcher=runtime.progress)

    return show


def _key(family: Family) -> str:
    return family.value.replace("_", "-")
