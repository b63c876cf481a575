"""Verbs that run the research lane: the daily pipeline, backfill, ranking, features."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from alpha_oracle.entrypoints.cli.options import (
    AsOfOption,
    DateOption,
    EndOption,
    SourceOption,
    StartOption,
    SymbolsOption,
    parse_symbols,
)
from alpha_oracle.entrypoints.cli.output import (
    JsonOption,
    print_json,
    print_rows,
    progress_shown,
)
from alpha_oracle.entrypoints.cli.records import print_ranking, print_signals
from alpha_oracle.entrypoints.research_documents import rank_document
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, DataError, UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import StrategyRank
    from alpha_oracle.domain.runs import BackfillReport, PipelineReport

R = TypeVar("R")

SHOWN_SIGNALS = 20


class Failed(AlphaOracleError):  # noqa: N818 - names the state.
    """What was asked for could not be done; the text says why."""


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("pipeline")(run_pipeline)
    app.command("backfill")(run_backfill)
    app.command("rank")(run_rank)
    features = typer.Typer(help="The feature catalogue.")
    features.command("list")(list_features)
    features.command("export")(export_features)
    app.add_typer(features, name="features")


def run_pipeline(
    *,
    date: DateOption = None,
    as_of: AsOfOption = None,
    source: SourceOption = None,
    symbols: SymbolsOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Recompute from what is stored; fetch nothing.")
    ] = False,
    current_settings: Annotated[
        bool,
        typer.Option("--current-settings", help="Not with the settings of the first run."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """One run of the daily flow; without --date, of the newest session that is over."""
    names = parse_symbols(symbols)
    session = _session_to_run(date, as_of=as_of, source=source)

    def run() -> PipelineReport:
        from flows.daily_pipeline import daily_pipeline

        return cast(
            "PipelineReport",
            daily_pipeline(
                session,
                as_of=as_of,
                source=source,
                symbols=names,
                force=force,
                current_settings=current_settings,
            ),
        )

    print_report(run_flow(run, quiet=as_json), as_json=as_json)


def run_backfill(
    *,
    start: StartOption,
    end: EndOption,
    source: SourceOption = None,
    symbols: SymbolsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bars for a range of sessions; what is stored already is not fetched again."""
    names = parse_symbols(symbols)
    _refuse_unknown_source(source)

    def run() -> BackfillReport:
        from flows.backfill import backfill_bars

        return backfill_bars(start, end, source=source, symbols=names)

    report = run_flow(run, quiet=as_json)
    facts = {
        "start": report.start.isoformat(),
        "end": report.end.isoformat(),
        "sessions": report.sessions,
        "stored": report.stored,
        "quarantined": report.quarantined,
        "lacking": len(report.lacking),
    }
    if as_json:
        print_json(facts)
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in facts.items()))


def run_rank(*, date: DateOption = None, as_json: JsonOption = False) -> None:
    """Walk every strategy forward on what is stored and print the ranking."""
    from alpha_oracle.strategies import registry

    registry.require_whole()
    if date is not None:
        refuse_no_session(date)

    def run() -> list[StrategyRank]:
        from flows.rank import rank_stored

        return rank_stored(date)

    print_ranking(run_flow(run, quiet=as_json), as_json=as_json)


def list_features(*, as_json: JsonOption = False) -> None:
    """Every registered feature, and why it is unknown where what it reads is not stored."""
    from alpha_oracle.bootstrap.catalogue import feature_catalogue

    rows = [
        {
            "name": entry.feature.name,
            "group": entry.feature.group,
            "inputs": list(entry.feature.inputs),
            "lookback": entry.feature.lookback_sessions,
            "description": entry.feature.description,
            "unknown_because": entry.unknown_because,
        }
        for entry in feature_catalogue()
    ]
    if as_json:
        print_json(rows)
        return
    reasons = {str(row["unknown_because"]) for row in rows if row["unknown_because"]}
    shown = [{name: row[name] for name in row if name != "unknown_because"} for row in rows]
    print_rows(shown, title=f"Features: {len(rows)}", empty="no feature is registered")
    for reason in sorted(reasons):
        names = ", ".join(str(row["name"]) for row in rows if row["unknown_because"] == reason)
        typer.echo(f"unknown ({reason}): {names}")


def export_features(
    *,
    start: StartOption,
    end: EndOption,
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """One row a session and symbol, one column a feature, as known at --as-of (default: now)."""
    from alpha_oracle.bootstrap.export import export_feature_rows

    with found_wanting():
        rows, features = export_feature_rows(out, start=start, end=end, as_of=as_of)
    if as_json:
        print_json({"rows": rows, "features": features, "out": str(out)})
    else:
        typer.echo(f"{rows:,} rows of {features} features in {out}")


def run_flow(call: Callable[[], R], *, quiet: bool) -> R:
    """Run a flow on the Prefect API of this installation, its progress shown on stderr."""
    from alpha_oracle.bootstrap.orchestration import prefect_api
    from alpha_oracle.config import load_settings

    with prefect_api(load_settings().home), progress_shown(quiet=quiet) as progress:
        from alpha_oracle.bootstrap.pipeline import watch_progress

        watch_progress(progress)
        with found_wanting():
            return call()


@contextmanager
def found_wanting() -> Iterator[None]:
    """Let data that stands in the way be a failure: the command was right, what it found was not.

    Raises:
        Failed: in place of a DataError other than a symbol nobody knows.
    """
    try:
        yield
    except UnknownSymbol:
        raise
    except DataError as error:
        raise Failed(str(error)) from error


def print_report(report: PipelineReport, *, as_json: bool) -> None:
    """Print what a run did."""
    if as_json:
        print_json(report_document(report))
        return
    if report.skipped:
        typer.echo(report.skipped)
        return
    print_run(report)


def print_run(report: PipelineReport) -> None:
    """Print the facts, ranking and signals of a run for a person."""
    for what, result in report.facts.items():
        typer.echo(f"{what}: {result}")
    print_ranking(report.rankings, as_json=False)
    documents = report.publication.signal_documents() if report.publication else []
    print_signals(documents, title=f"Signals of {report.session}", limit=SHOWN_SIGNALS)


def report_document(report: PipelineReport) -> dict[str, Any]:
    """What a run did as JSON values; `signals` are the documents this run decided."""
    publication = report.publication
    return {
        "session": report.session.isoformat(),
        "as_of": report.as_of.isoformat(),
        "skipped": report.skipped or None,
        "facts": dict(report.facts),
        "rankings": [rank_document(rank) for rank in report.rankings],
        "signals": [] if publication is None else publication.signal_documents(),
        "digest": None if publication is None else publication.digest,
    }


def refuse_no_session(day: Session) -> None:
    """Refuse a day the exchange was closed on, before any run.

    Raises:
        ConfigurationError: it was; says which day is next.
    """
    from alpha_oracle.bootstrap.stores import clock_of
    from alpha_oracle.config import load_settings
    from alpha_oracle.marketdata.schedule import plan_session

    plan = plan_session(day, None, now=clock_of(load_settings()).now())
    if plan.skipped:
        raise ConfigurationError(plan.skipped)


def _session_to_run(
    session: Session | None, *, as_of: datetime | None, source: str | None
) -> Session:
    # What is wrong with the question is said at once, not by a flow run.
    from alpha_oracle.bootstrap.stores import clock_of
    from alpha_oracle.calendar import latest_decided_session
    from alpha_oracle.config import load_settings
    from alpha_oracle.marketdata.schedule import plan_session

    _refuse_unknown_source(source)
    now = clock_of(load_settings()).now()
    session = session or latest_decided_session(now)
    plan_session(session, None, now=now, as_of=as_of)
    return session


def _refuse_unknown_source(name: str | None) -> None:
    if name is not None:
        from alpha_oracle.bootstrap.sources import chain_names
        from alpha_oracle.config import load_settings

        chain_names(load_settings(), name)
