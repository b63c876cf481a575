"""The last step of a run: on record as done, and on one page for a person."""

from collections.abc import Mapping, Sequence
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE

from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.domain.models import ModelHealth
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.domain.reference import Family, FamilyReport
from alpha_oracle.domain.runs import FeatureReport, PipelineReport, Publication, RunInputs
from alpha_oracle.domain.training import ForecastReport
from alpha_oracle.domain.validation import Completeness, IngestReport
from alpha_oracle.research.walk_forward import WalkForwardResult
from alpha_oracle.strategies import registry
from tasks.artifacts import show_summary
from tasks.bar_tables import attention_fact, attention_of, source_rows
from tasks.model_tables import health_fact

MIB: Final = 1024**2


@task(cache_policy=NO_CACHE)
def finish_run(
    run: RunInputs,
    *,
    ingested: Sequence[IngestReport],
    checked: Completeness,
    reference: Sequence[FamilyReport],
    features: FeatureReport,
    forecast: ForecastReport,
    results: Sequence[WalkForwardResult],
    ranking: Sequence[StrategyRank],
    publication: Publication,
    health: ModelHealth | None,
) -> PipelineReport:
    """Put the run on record as done and show it on one page."""
    with open_runtime() as runtime:
        absent = runtime.absences()
    report = PipelineReport(
        session=run.session,
        as_of=run.as_of,
        facts={
            "as of": run.as_of.isoformat(),
            **_bar_facts(checked, ingested),
            **_reference_facts(reference, absent),
            **_feature_facts(features),
            **_model_facts(forecast, health),
            **_ranking_facts(ranking, results),
            **_left_out_facts(),
            **_signal_facts(publication),
        },
        rankings=tuple(ranking),
        publication=publication,
    )
    show_summary(report, results=results)
    summary = {**report.facts, "figures": _figures(checked, publication)}
    with open_runtime() as runtime:
        runtime.runs.finish(run.session, run.symbols, summary=summary, at=runtime.clock.now())
    return report


def _figures(checked: Completeness, publication: Publication) -> dict[str, float]:
    # What the facts tell in words, for those who draw lines of it.
    return {
        "bars_expected": checked.expected,
        "bars_stored": checked.stored,
        "universe_symbols": checked.universe,
        "covered_symbols": checked.covered,
        "signals": len(publication.documents),
    }


def _bar_facts(checked: Completeness, ingested: Sequence[IngestReport]) -> dict[str, object]:
    counts = source_rows(count for report in ingested for count in report.sources)
    gave = "; ".join(f"{row['source']} gave {row['given']} of {row['asked']}" for row in counts)
    return {
        "bars": _expected_fact(checked),
        "universe": f"{checked.covered} of {checked.universe} symbols have a bar",
        "asked for by this run": gave or "nothing: every bar was stored",
        "to look at": attention_fact(attention_of(ingested)),
    }


def _expected_fact(checked: Completeness) -> str:
    if not checked.expected:
        return "none was expected, so none is missed: the source gave none in the 5 sessions before"
    return f"{checked.stored} of {checked.expected} expected symbols ({checked.pct:.1f} %)"


def _reference_facts(
    reference: Sequence[FamilyReport], absent: Mapping[Family, str]
) -> dict[str, object]:
    asked = {_named(one.family): one.line for one in reference if one.source is not None}
    lacking = {f"without {_named(family)}": reason for family, reason in absent.items()}
    return {**asked, **lacking}


def _feature_facts(features: FeatureReport) -> dict[str, object]:
    told = f"{features.features} over {features.sessions} sessions x {features.symbols} symbols"
    known = ", ".join(f"{one.group} {one.known_pct:.1f} %" for one in features.families)
    return {
        "features": f"{told}; the cache holds {features.cache_bytes / MIB:.0f} MiB",
        "known on the session": known.replace("_", " "),
    }


def _model_facts(forecast: ForecastReport, health: ModelHealth | None) -> dict[str, object]:
    if forecast.model_id is None:
        return {"model": f"no ML signals: {forecast.warning}"}
    watched = {} if health is None else {"health of the model": health_fact(health)}
    return {"model": f"{forecast.model_id} forecast {forecast.forecasts} symbols", **watched}


def _named(family: Family) -> str:
    return family.value.replace("_", " ")


def _ranking_facts(
    ranking: Sequence[StrategyRank], results: Sequence[WalkForwardResult]
) -> dict[str, object]:
    eligible = ", ".join(rank.strategy for rank in ranking if rank.is_eligible)
    return {
        "tested on": "; ".join(sorted({result.note for result in results})),
        "strategies that may trade": eligible or "none is above the thresholds: no entries",
    }


def _left_out_facts() -> dict[str, object]:
    told = "; ".join(one.text for one in registry.broken())
    return {"strategies left out": told} if told else {}


def _signal_facts(publication: Publication) -> dict[str, object]:
    return {
        "signals": len(publication.documents),
        "announced by this run": publication.announced,
        "differing from what was announced before": publication.differing,
        "digest of the signals": publication.digest,
    }
