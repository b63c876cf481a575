"""Signals: decided, written with their announcement, announced."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from alpha_oracle import calendar
from alpha_oracle.bootstrap.decisions import decision_terms
from alpha_oracle.bootstrap.forecasts import recorded_forecast
from alpha_oracle.bootstrap.pipeline import Runtime, open_runtime
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.domain.runs import Publication, RunInputs
from alpha_oracle.domain.signals import Signal
from alpha_oracle.domain.training import ForecastReport
from alpha_oracle.research.desk import decide
from alpha_oracle.research.signals import in_order_of_work, signals_of
from alpha_oracle.strategies.base import InformedStrategy
from tasks.artifacts import show_signals
from tasks.models import explain
from tasks.retries import is_transient


@task(cache_policy=NO_CACHE)
def generate_signals(
    run: RunInputs, ranking: Sequence[StrategyRank], forecast: ForecastReport
) -> list[Signal]:
    """Return the signals of the session in order of work; those of a model are explained."""
    with open_runtime() as runtime:
        signals = [
            signal
            for rank in ranking
            for signal in _signals_of_strategy(runtime, run, rank, forecast)
        ]
        if run.symbols is not None:
            signals = [signal for signal in signals if signal.symbol in run.symbols]
        ordered = in_order_of_work(signals, ranking)
        if forecast.model_id is not None:
            explain(runtime, run, ordered)
    show_signals(run.session, [signal.document() for signal in ordered])
    return ordered


@task(
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
)
def publish_signals(signals: Sequence[Signal]) -> Publication:
    """Write the signals with their announcement, then announce whatever waits."""
    with open_runtime() as runtime:
        new, differing = runtime.signals.save(signals, at=runtime.clock.now())
        announced = runtime.outbox.relay(runtime.bus, at=runtime.clock.now())
    return Publication.of(signals, new=new, differing=differing, announced=announced)


def _signals_of_strategy(
    runtime: Runtime, run: RunInputs, rank: StrategyRank, forecast: ForecastReport
) -> list[Signal]:
    terms = decision_terms(run.settings)
    strategy = terms.strategy(rank.strategy, **rank.parameters)
    market = runtime.markets.market(run.session, as_of=run.as_of)
    if isinstance(strategy, InformedStrategy):
        strategy = strategy.informed_by(recorded_forecast(runtime, run, forecast.model_id))
    # Twice the longest hold: an exit missed while nothing ran is still told.
    since = calendar.shift_session(run.session, -2 * strategy.max_hold_days)
    return signals_of(
        run.session,
        strategy,
        decisions=decide(strategy, market, features=runtime.features),
        market=market,
        rank=rank,
        open_entries=runtime.signals.open_entries(strategy.name, before=run.session, since=since),
        window=terms.window,
    )
