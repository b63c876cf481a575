"""The daily flow: one trading session, from its bars to the published signals."""

from datetime import date, datetime

from prefect import flow, unmapped
from prefect.client.schemas.objects import State
from prefect.states import Completed

from alpha_oracle.domain.runs import PipelineReport
from tasks.alerts import report_failure
from tasks.bars import check_session, ingest_bars, load_universe, plan_requests, show_ingestion
from tasks.features import compute_features
from tasks.models import forecast_returns, watch_model
from tasks.reference import families, refresh_family, show_families
from tasks.runners import side_by_side
from tasks.session import plan_run, recorded_run
from tasks.signals import generate_signals, publish_signals
from tasks.strategies import evaluate_strategy, rank_strategies, strategy_names
from tasks.summary import finish_run


@flow(name="daily-pipeline", on_failure=[report_failure], on_crashed=[report_failure])
def daily_pipeline(
    session: date | None = None,
    *,
    as_of: datetime | None = None,
    source: str | None = None,
    symbols: list[str] | None = None,
    force: bool = False,
    current_settings: bool = False,
) -> PipelineReport | State[PipelineReport]:
    """Take one session from its bars to the published signals.

    Args:
        session: the trading date; none means the day the run was scheduled for.
        as_of: decide with what was known then; none means 17:00 New York on the session, or what
            the session's first run recorded.
        source: where bars come from; none means the setting `data.source`.
        symbols: only these; none means the whole universe.
        force: recompute a done session from what is stored; fetches nothing.
        current_settings: decide with the settings of now, not those of the first run.
    """
    plan = plan_run(session, as_of=as_of, symbols=symbols, force=force)
    if plan.skipped:
        skipped = PipelineReport(session=plan.session, as_of=plan.as_of, skipped=plan.skipped)
        return Completed(message=plan.skipped, data=skipped)
    with recorded_run(plan, current_settings=current_settings) as run:
        batches = load_universe(run, source=source)
        plan_requests(run, batches, source=source, force=force)
        ingested = ingest_bars.map(
            batches,
            run=unmapped(run),
            source=unmapped(source),
            force=unmapped(force),
            progress=unmapped(show_ingestion(run.session, batches)),
        ).result()
        checked = check_session(run, batches, ingested, source=source)
        reference = refresh_family.map(
            families(),
            run=unmapped(run),
            batches=unmapped(batches),
            source=unmapped(source),
            force=unmapped(force),
        ).result()
        show_families(run, reference)
        features = compute_features(run)
        forecast = forecast_returns(run)
        results = side_by_side(evaluate_strategy, name=strategy_names(), run=unmapped(run))
        ranking = rank_strategies(run, results)
        signals = generate_signals(run, ranking, forecast)
        publication = publish_signals(signals)
        health = watch_model(run, forecast)
        return finish_run(
            run,
            ingested=ingested,
            checked=checked,
            reference=reference,
            features=features,
            forecast=forecast,
            results=results,
            ranking=ranking,
            publication=publication,
            health=health,
        )
