"""The first step of a run: which session it is for, and its record while it lasts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from alpha_oracle import calendar
from alpha_oracle.bootstrap.pipeline import Runtime, open_runtime
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.runs import RunInputs
from alpha_oracle.errors import ConfigurationError, DataError, TransientError
from alpha_oracle.marketdata.schedule import SessionPlan, plan_session, stored_session
from alpha_oracle.telemetry import redact_text


@task(cache_policy=NO_CACHE)
def plan_run(
    day: date | None, *, as_of: datetime | None, symbols: Sequence[str] | None, force: bool
) -> SessionPlan:
    """Decide what the run does; no day means the one it was scheduled for.

    Raises:
        ConfigurationError: the day or `as_of` cannot be decided on; says why.
    """
    if as_of is not None and as_of.tzinfo is None:
        raise ConfigurationError(
            f"as of {as_of.isoformat()} names no time zone; write {as_of.isoformat()}-05:00 or ...Z"
        )
    with open_runtime() as runtime:
        now, only = runtime.clock.now(), _restriction(symbols)
        day = day or _scheduled_day(now, rehearsing=runtime.is_rehearsal)
        record = runtime.runs.record(day, only)
        return plan_session(day, record, now=now, as_of=as_of, symbols=only, force=force)


@task(cache_policy=NO_CACHE)
def plan_ranking(session: date | None) -> RunInputs:
    """Decide what a ranking without a run looks at: the newest session, settings, model of now.

    Raises:
        ConfigurationError: the session is none, or none of those stored.
        DataError: no bars are stored.
    """
    with open_runtime() as runtime:
        span = runtime.market_stores.bars.span()
        if span is None:
            raise DataError("no bars are stored; import or backfill them first")
        last = stored_session(session, span)
        return RunInputs(
            session=last,
            as_of=calendar.decision_instant(last),
            settings=runtime.settings.decision_inputs(),
            symbols=None,
            model_id=_active_model(runtime),
        )


@contextmanager
def recorded_run(plan: SessionPlan, *, current_settings: bool) -> Iterator[RunInputs]:
    """Hold the session, and keep on record how its run began and, if it did not end well, why."""
    with open_runtime() as runtime, runtime.runs.only_run(plan.session):
        current, active = runtime.settings.decision_inputs(), _active_model(runtime)
        record = runtime.runs.begin(
            plan.session,
            plan.symbols,
            as_of=plan.as_of,
            settings=current,
            at=runtime.clock.now(),
            model_id=active,
        )
        try:
            yield RunInputs(
                session=plan.session,
                as_of=plan.as_of,
                settings=current if current_settings else record.settings,
                symbols=plan.symbols,
                model_id=active if current_settings else record.model_id,
            )
        except BaseException as error:
            _record_failure(runtime, plan, error)
            raise


def _active_model(runtime: Runtime) -> str | None:
    active = runtime.models.active()
    return None if active is None else active.model_id


def _record_failure(runtime: Runtime, plan: SessionPlan, error: BaseException) -> None:
    reason = redact_text(f"{type(error).__name__}: {error}")
    # A store that is away must not hide what went wrong; the record then says `running`, as it
    # does of a killed run.
    with suppress(TransientError):
        runtime.runs.fail(plan.session, plan.symbols, error=reason, at=runtime.clock.now())


def _scheduled_day(now: datetime, *, rehearsing: bool) -> date:
    # A late run still belongs to the evening it was scheduled for.
    scheduled = None if rehearsing else flow_run.scheduled_start_time
    return (scheduled or now).astimezone(NEW_YORK).date()


def _restriction(symbols: Sequence[str] | None) -> tuple[Symbol, ...] | None:
    return tuple(sorted({parse_symbol(symbol) for symbol in symbols})) if symbols else None
