"""Verbs about trained models: which there are, which one is in use, why it said what it said."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alpha_oracle.entrypoints.cli.options import LimitOption
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows
from alpha_oracle.entrypoints.cli.research import Failed, found_wanting
from alpha_oracle.entrypoints.research_documents import model_document
from alpha_oracle.errors import ConfigurationError, PromotionRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.domain.models import Interval, ModelRecord, SignalExplanation

NO_REASON = "none given"

ModelArgument = Annotated[str, typer.Argument(metavar="ID", help="An id from `models list`.")]


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    models = typer.Typer(help="Trained models: look at them, choose the one in use.")
    models.command("list")(list_models)
    models.command("show")(show_model)
    models.command("promote")(promote_model)
    models.command("rollback")(roll_back_model)
    models.command("explain")(explain_signal)
    app.add_typer(models, name="models")


def list_models(*, limit: LimitOption = 50, as_json: JsonOption = False) -> None:
    """Models on record, newest first, with how they did out of sample."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        found = records.models.models(limit=limit)
    if as_json:
        print_json([model_document(record) for record in found])
        return
    print_rows(
        [_row(record) for record in found],
        title=f"Models, newest first: {len(found)}",
        empty="no model is registered yet",
    )


def show_model(model_id: ModelArgument, *, as_json: JsonOption = False) -> None:
    """Everything on record of a model, and how it came to its stage."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        record = records.models.named(model_id)
        changes = [one for one in records.models.changes() if one.model_id == model_id]
    told = [asdict(change) | {"at": change.at.isoformat()} for change in changes]
    if as_json:
        print_json(_whole_document(record) | {"changes": told})
        return
    print_rows([_row(record)], title=f"Model {model_id}", empty="")
    typer.echo(
        f"trained on {record.train_start} to {record.train_end}, as known at"
        f" {record.as_of.isoformat()}, by {record.code_version}"
    )
    typer.echo(", ".join(f"{name} {value}" for name, value in record.parameters.items()))
    print_rows(
        [asdict(feature) for feature in record.features],
        title=f"Features: {len(record.features)}",
        empty="no features",
    )
    print_rows(told, title="Changes, newest first", empty="it never was the active one")


def promote_model(
    model_id: ModelArgument,
    *,
    override: Annotated[
        bool, typer.Option("--override", help="Though it fell short of the promotion gate.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; stays on record.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Make a model the one in use; one that fell short of the gate is refused."""
    if override and not reason:
        raise ConfigurationError("--override needs a --reason; it stays on record")

    from alpha_oracle.bootstrap.models import open_models

    with found_wanting(), open_models() as models:
        try:
            record = models.registry.promote(
                model_id,
                gate=models.gate,
                by=_actor(),
                reason=reason or NO_REASON,
                at=models.clock.now(),
                override=override,
            )
        except PromotionRefused as error:
            if not as_json:
                raise Failed(f"{error}; --override with a --reason promotes it") from error
            record = models.registry.store.named(model_id)
            refusals = models.gate.refusals(record.validation)
            print_json(model_document(replace(record, refusals=refusals)))
            return 1
    _print_active(record, as_json=as_json)
    return 0


def roll_back_model(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; stays on record.")] = NO_REASON,
    as_json: JsonOption = False,
) -> None:
    """Return to the model that was in use before."""
    from alpha_oracle.bootstrap.models import open_models

    with open_models() as models, found_wanting(), _nothing_to_return_to():
        record = models.registry.roll_back(by=_actor(), reason=reason, at=models.clock.now())
    _print_active(record, as_json=as_json)


def explain_signal(
    signal_id: Annotated[str, typer.Argument(help="The id of a signal, from `signals --json`.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """What moved the forecast that a signal follows from, largest first."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        found = records.explanations.explanations([signal_id]).get(signal_id)
    if found is None:
        raise ConfigurationError(
            f"no explanation of signal {signal_id!r} is on record; signals of MLSignalStrategy"
            " have one, their ids are in `signals --json`"
        )
    if as_json:
        print_json(asdict(found) | {"forecast": found.forecast.name})
        return
    _print_explanation(found)


def _actor() -> str:
    return f"cli:{getpass.getuser()}"


@contextmanager
def _nothing_to_return_to() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        raise Failed(str(error)) from error


def _print_active(record: ModelRecord, *, as_json: bool) -> None:
    if as_json:
        print_json(model_document(record))
        return
    before = f", in place of {record.predecessor}" if record.predecessor else ""
    typer.echo(f"model {record.model_id} is the one in use{before}")


def _print_explanation(found: SignalExplanation) -> None:
    typer.echo(
        f"model {found.model_id} forecast {found.forecast.name}, confidence {found.confidence:.3f}"
    )
    print_rows(
        [
            {
                "feature": part.feature,
                "value": "unknown" if part.value is None else f"{part.value:.6g}",
                "contribution": f"{part.contribution:+.4f}",
            }
            for part in found.contributions
        ],
        title="What moved it, in log-odds",
        empty="nothing is on record of what moved it",
    )


def _whole_document(record: ModelRecord) -> dict[str, Any]:
    return {
        **model_document(record),
        "parameters": dict(record.parameters),
        "features": [asdict(feature) for feature in record.features],
        "window_keys": list(record.window_keys),
        "files": dict(record.files),
    }


def _row(record: ModelRecord) -> dict[str, object]:
    figures = record.validation
    return {
        "model_id": record.model_id,
        "stage": record.stage.value,
        "trained": f"{record.trained_at:%Y-%m-%d}",
        "accuracy": figures.accuracy.value,
        "skill": _span(figures.log_loss_skill),
        "rank_correlation": _span(figures.rank_correlation),
        "ece": _figure(figures.calibration_error),
        "sharpe": figures.sharpe.value,
        "baseline": figures.baseline_sharpe,
        "may_be_active": "no: " + "; ".join(record.refusals) if record.refusals else "yes",
    }


def _span(interval: Interval) -> str:
    return f"{_figure(interval.value)} ({_figure(interval.low)}, {_figure(interval.high)})"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
