"""What the pipeline did, as gauges: its runs are too short-lived to be asked themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.bootstrap.metric_families import gauge, gauges
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.risk.watchdogs import due_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from prometheus_client.core import GaugeMetricFamily

    from alpha_oracle.domain.models import ModelHealth, ModelRecord
    from alpha_oracle.domain.ranking import StrategyRank
    from alpha_oracle.domain.vital_signs import RunSigns, VitalSigns

DAY_SECONDS: Final = 86_400

_FIGURES: Final = {
    "bars_expected": "Symbols whose bar the newest done run expected.",
    "bars_stored": "Of the expected symbols, those whose bar was stored.",
    "universe_symbols": "Symbols of the universe of the newest done run.",
    "covered_symbols": "Symbols of the universe that had a bar, expected or not.",
    "signals": "Signals of the newest done run.",
}


def run_families(signs: VitalSigns, *, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Give what daily runs left on record; ages are by the clock of the installation."""
    newest, done = signs.newest_run, signs.newest_done
    yield gauges(
        "pipeline_run_status",
        "1 for where the run of the newest session that was run stands.",
        ["status"],
        [([one.value], newest.status is one) for one in RunStatus] if newest else (),
    )
    yield gauge(
        "pipeline_run_attempts",
        "How often the newest session was run.",
        None if newest is None else newest.attempts,
    )
    yield gauge(
        "pipeline_session_age_seconds",
        "Time since the close of the newest session whose run is done, seconds.",
        None if done is None else _since(calendar.session_close(done.session), now),
    )
    yield gauge(
        "pipeline_overdue_sessions",
        "Sessions since the newest done one on which it is past 18:30 in New York.",
        overdue_sessions(signs, now=now),
    )
    yield gauge(
        "pipeline_run_seconds", "Time the last attempt of the newest done run took.", _took(done)
    )
    yield gauge("quarantined_bars", "Bars held back until someone looks.", signs.held_bars)
    for name, meaning in _FIGURES.items():
        figure = None if done is None else done.figures.get(name)
        yield gauge(f"pipeline_{name}", meaning, figure)


def overdue_sessions(signs: VitalSigns, *, now: datetime) -> int:
    """Return how many sessions are past their deadline and not done; 0 before the first run."""
    due = due_session(now)
    if signs.newest_done is not None:
        return max(len(calendar.sessions_between(signs.newest_done.session, due)) - 1, 0)
    if signs.newest_run is not None:
        return len(calendar.sessions_between(signs.newest_run.session, due))
    return 0


def ranking_families(ranks: Sequence[StrategyRank]) -> Iterator[GaugeMetricFamily]:
    """Give the ranking of the newest ranked session."""
    label = ["strategy"]
    yield gauges(
        "strategy_rank", "Place in the newest ranking; 1 is best.", label, _of(ranks, "rank")
    )
    yield gauges(
        "strategy_composite_ratio", "Composite score, 0 to 1.", label, _of(ranks, "composite")
    )
    yield gauges(
        "strategy_eligible",
        "1 where its entries may be traded, 0 where it is below a threshold.",
        label,
        _of(ranks, "is_eligible"),
    )
    metrics = [([one.strategy], one.metrics) for one in ranks]
    yield gauges(
        "strategy_sharpe_ratio",
        "Sharpe ratio out of sample, annualised with 252 sessions.",
        label,
        [(name, one.sharpe) for name, one in metrics],
    )
    yield gauges(
        "strategy_max_drawdown_ratio",
        "Largest drawdown out of sample, as a fraction of the peak.",
        label,
        [(name, one.max_drawdown_pct / 100) for name, one in metrics],
    )


def model_families(
    active: ModelRecord | None, health: ModelHealth | None, *, now: datetime, max_age_days: int
) -> Iterator[GaugeMetricFamily]:
    """Give the active model's age, and how a model fared when one was watched last."""
    yield gauge(
        "model_age_bound_seconds",
        "From where a model is too old to be followed, seconds.",
        max_age_days * DAY_SECONDS,
    )
    yield gauge("model_active", "1 where a model is active, else 0.", active is not None)
    trained_on = None if active is None else calendar.decision_instant(active.train_end)
    yield gauge(
        "model_age_seconds",
        "Time since the last session that taught the active model, seconds.",
        None if trained_on is None else _since(trained_on, now),
    )
    drifts = () if health is None else health.features
    yield gauge(
        "model_breaches",
        "Bounds that the watched model passed: of drift, accuracy, calibration.",
        None if health is None else len(health.breaches),
    )
    yield gauge(
        "model_max_psi",
        "Largest population stability index of a feature of the watched model.",
        _largest(one.psi for one in drifts),
    )
    yield gauge(
        "model_max_ks_ratio",
        "Largest Kolmogorov-Smirnov statistic of a feature of the watched model, 0 to 1.",
        _largest(one.ks for one in drifts),
    )
    yield gauge(
        "model_accuracy_ratio",
        "Share of its forecasts whose horizon is over that came true, 0 to 1.",
        None if health is None else health.accuracy,
    )
    yield gauge(
        "model_baseline_accuracy_ratio",
        "Share that always naming the commonest class would have had, 0 to 1.",
        None if health is None else health.baseline_accuracy,
    )


def _took(done: RunSigns | None) -> float | None:
    if done is None or done.finished_at is None:
        return None
    return _since(done.started_at, done.finished_at)


def _since(instant: datetime, now: datetime) -> float:
    return (now - instant).total_seconds()


def _of(ranks: Sequence[StrategyRank], name: str) -> list[tuple[list[str], float]]:
    return [([one.strategy], getattr(one, name)) for one in ranks]


def _largest(values: Iterable[float | None]) -> float | None:
    return max((one for one in values if one is not None), default=None)
