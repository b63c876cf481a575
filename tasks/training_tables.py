"""What a person sees of a training in the Prefect UI: windows, judgement, reliability, verdict."""

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from alpha_oracle.domain.models import Interval, ValidationFigures
from alpha_oracle.domain.training import TrainingReport, WindowTraining
from alpha_oracle.research.charts import data_uri
from alpha_oracle.research.model_validation import Validation
from alpha_oracle.research.reliability import reliability_chart


def show_windows(windows: Sequence[WindowTraining]) -> None:
    """Show each window's dates and what its model took."""
    create_table_artifact(
        table=[
            {
                "train_from": str(window.train_start),
                "test_from": str(window.test_start),
                "test_to": str(window.test_end),
                "seconds": round(window.seconds, 2),
            }
            for window in windows
        ],
        key="training-windows",
        description=f"{len(windows)} windows, each forecast by a model trained before it",
    )


def show_validation(figures: ValidationFigures) -> None:
    """Show every figure out of sample beside what it is held against."""
    create_table_artifact(
        table=validation_rows(figures),
        key="model-validation",
        description=(
            f"{figures.forecasts} forecasts of {figures.sessions} sessions in {figures.windows} "
            "windows, each by a model trained before it; 95 % by resampling sessions"
        ),
    )


def validation_rows(figures: ValidationFigures) -> list[dict[str, object]]:
    """The figures as rows: a figure, its interval, and what it is held against."""
    rows = [
        _row(
            "accuracy", figures.accuracy, figures.baseline_accuracy, "commonest class of training"
        ),
        _row("log loss", _alone(figures.log_loss), figures.baseline_log_loss, "class frequencies"),
        _row("log-loss skill", figures.log_loss_skill, 0.0, "class frequencies"),
        _row("rank correlation", figures.rank_correlation, 0.0, "no order"),
        _row(
            "calibration error",
            _alone(figures.calibration_error),
            figures.raw_calibration_error,
            "before calibration",
        ),
        _row("Sharpe ratio", figures.sharpe, figures.baseline_sharpe, "persistence"),
        _row("yearly return over it", figures.advantage, 0.0, "persistence"),
    ]
    others = [
        _row("Sharpe ratio", figures.sharpe, sharpe, name)
        for name, sharpe in figures.other_sharpes.items()
    ]
    return [*rows, *others]


def show_reliability(validation: Validation) -> None:
    """Show the reliability diagram, before calibration and after it."""
    chart = reliability_chart(
        {"before": validation.raw_bins, "calibrated": validation.bins},
        title="How often the predicted class came",
    )
    before, after = (
        validation.figures.raw_calibration_error,
        validation.figures.calibration_error,
    )
    told = (
        f"Expected calibration error {_told(before)} before, {_told(after)} after. On the dashed "
        "line a forecast of 60 % comes true in 60 % of the cases."
    )
    create_markdown_artifact(
        markdown=f"# Reliability out of sample\n\n![reliability]({data_uri(chart)})\n\n{told}",
        key="reliability-diagram",
        description=f"Calibration error {_told(before)} before, {_told(after)} after",
    )


def show_verdict(report: TrainingReport) -> None:
    """Show what the promotion gate made of the model."""
    lines = [f"# Model {report.model.model_id}", "", report.verdict]
    lines += ["", *(f"- {refusal}" for refusal in report.model.refusals)]
    create_markdown_artifact(
        markdown="\n".join(lines),
        key="promotion-verdict",
        description=report.verdict,
    )


def _row(name: str, figure: Interval, against: float | None, what: str) -> dict[str, object]:
    span = (
        "-"
        if figure.low is None or figure.high is None
        else (f"{figure.low:.4f} to {figure.high:.4f}")
    )
    return {
        "figure": name,
        "value": _rounded(figure.value),
        "95_pct": span,
        "held_against": what,
        "its_value": _rounded(against),
    }


def _alone(value: float | None) -> Interval:
    return Interval(value=value, low=None, high=None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _told(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
