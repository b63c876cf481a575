"""What a person sees of a model in the Prefect UI: warnings, explanations, health."""

from collections.abc import Sequence
from typing import Final

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from alpha_oracle.domain.market import Session
from alpha_oracle.domain.models import Contribution, FeatureDrift, ModelHealth, SignalExplanation
from alpha_oracle.domain.signals import Signal
from tasks.artifacts import markdown_table

DRIFTED: Final = 20
"""Features shown of those that moved most."""


def show_warning(title: str, why: str) -> None:
    """Show what a session goes without of its model, and why."""
    create_markdown_artifact(
        markdown=f"# {title}\n\n{why}", key="ml-warning", description=f"{title}: {why}"
    )


def show_explanations(
    session: Session, signals: Sequence[Signal], explanations: Sequence[SignalExplanation]
) -> None:
    """Show what moved the forecast behind each signal."""
    signal_of = {signal.signal_id: signal for signal in signals}
    create_table_artifact(
        table=[_explained(signal_of[one.signal_id], one) for one in explanations],
        key="signal-explanations",
        description=f"Why {len(explanations)} ML signals of {session} are what they are",
    )


def show_health(health: ModelHealth) -> None:
    """Show a model's health on one page."""
    create_markdown_artifact(
        markdown=health_markdown(health),
        key="model-health",
        description=f"Model {health.model_id} after {health.session}: {health_fact(health)}",
    )


def health_fact(health: ModelHealth) -> str:
    """A model's health in a few words."""
    if not health.breaches:
        return "within its bounds"
    named = "; ".join(health.breaches[:3])
    more = len(health.breaches) - 3
    return f"{len(health.breaches)} bounds passed: {named}" + (
        f" and {more} more" if more > 0 else ""
    )


def health_markdown(health: ModelHealth) -> str:
    """A model's health as Markdown."""
    moved = sorted(health.features, key=_moved, reverse=True)[:DRIFTED]
    lines = [
        f"# Model {health.model_id} after {health.session}",
        "",
        "## Bounds passed",
        "",
        *(f"- {breach}" for breach in health.breaches),
        *([] if health.breaches else ["none"]),
        "",
        "## Forecasts whose horizon is over",
        "",
        *markdown_table([_outcome_row(health)]),
        "",
        f"## Features, the {len(moved)} that moved most of {len(health.features)}",
        "",
        *markdown_table([_drift_row(one) for one in moved]),
    ]
    return "\n".join(lines)


def _explained(signal: Signal, explanation: SignalExplanation) -> dict[str, object]:
    return {
        "symbol": signal.symbol,
        "direction": signal.direction.value,
        "forecast": explanation.forecast.name,
        "confidence": round(explanation.confidence, 3),
        "because": "; ".join(map(_contribution, explanation.contributions)),
    }


def _contribution(one: Contribution) -> str:
    value = "unknown" if one.value is None else f"{one.value:.4g}"
    return f"{one.feature} {value} ({one.contribution:+.3f})"


def _moved(one: FeatureDrift) -> float:
    return one.psi if one.psi is not None else -1.0


def _outcome_row(health: ModelHealth) -> dict[str, object]:
    return {
        "outcomes": health.outcomes,
        "accuracy": _rounded(health.accuracy),
        "always_the_commonest": _rounded(health.baseline_accuracy),
        "log_loss": _rounded(health.log_loss),
        "calibration_error": _rounded(health.calibration_error),
    }


def _drift_row(one: FeatureDrift) -> dict[str, object]:
    return {
        "feature": one.name,
        "psi": _rounded(one.psi),
        "ks": _rounded(one.ks),
        "known_pct": round(100 * one.known_fraction, 1),
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 3)
