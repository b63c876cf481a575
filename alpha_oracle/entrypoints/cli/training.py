"""The verb that trains a model on what is stored."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alpha_oracle.entrypoints.cli.options import DateOption
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows
from alpha_oracle.entrypoints.cli.research import refuse_no_session, run_flow

if TYPE_CHECKING:
    from alpha_oracle.domain.models import Interval
    from alpha_oracle.domain.training import TrainingReport

MOST_TRIALS = 1_000


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train")(train)


def train(
    *,
    date: DateOption = None,
    tuning_trials: Annotated[
        int | None,
        typer.Option(
            "--tuning-trials",
            min=0,
            max=MOST_TRIALS,
            help="Boosters to try inside each train window; the setting's unless given.",
        ),
    ] = None,
    no_promote: Annotated[
        bool,
        typer.Option("--no-promote", help="Leave it a candidate though it passes the gate."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit, calibrate, judge and register a model; one that passes the gate becomes the one in use.

    An interrupted training goes on with the windows it lacks.
    """
    if date is not None:
        refuse_no_session(date)

    def run() -> TrainingReport:
        from flows.train import train_model

        return train_model(date, tuning_trials=tuning_trials, promote=not no_promote)

    _print(run_flow(run, quiet=as_json), as_json=as_json)


def _print(report: TrainingReport, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(report))
        return
    figures = report.model.validation
    rows: dict[str, object] = {
        "windows": figures.windows,
        "forecasts": figures.forecasts,
        "accuracy": _span(figures.accuracy),
        "accuracy of the commonest class": _figure(figures.baseline_accuracy),
        "log-loss skill": _span(figures.log_loss_skill),
        "rank correlation": _span(figures.rank_correlation),
        "calibration error": _figure(figures.calibration_error),
        "before calibration": _figure(figures.raw_calibration_error),
        "Sharpe ratio": _span(figures.sharpe),
        "Sharpe ratio of persistence": _figure(figures.baseline_sharpe),
        "yearly return over persistence": _span(figures.advantage),
        **{f"of {name}": _figure(value) for name, value in figures.other_sharpes.items()},
    }
    print_rows(
        [{"figure": name, "out_of_sample": value} for name, value in rows.items()],
        title=f"Model {report.model.model_id}",
        empty="",
    )
    typer.echo(report.verdict)


def _document(report: TrainingReport) -> dict[str, Any]:
    model = report.model
    return {
        "model_id": model.model_id,
        "stage": model.stage.value,
        "new": report.is_new,
        "promoted": report.is_promoted,
        "verdict": report.verdict,
        "refusals": list(model.refusals),
        "trained_at": model.trained_at.isoformat(),
        "train_start": model.train_start.isoformat(),
        "train_end": model.train_end.isoformat(),
        "as_of": model.as_of.isoformat(),
        "code_version": model.code_version,
        "features": len(model.features),
        "validation": asdict(model.validation),
    }


def _span(interval: Interval) -> str:
    return f"{_figure(interval.value)} ({_figure(interval.low)} to {_figure(interval.high)})"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
