"""A model in use, judged: which bounds its inputs and its forecasts passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.models import ModelHealth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.models import FeatureDrift
    from alpha_oracle.ml.outcomes import OutcomeFigures
    from alpha_oracle.ml.reference import FeatureReference

BETWEEN: Final = ": "

STANDARD_ERRORS: Final = 2.0
"""How far accuracy must lie below what is wanted to be more than bad luck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBounds:
    """From where a figure is a breach; accuracy and calibration from `min_outcomes` on.

    A feature breaches beyond the farthest month of the training itself alone, accuracy where it
    lies below the baseline by two standard errors of their difference.
    """

    max_psi: float = 0.25
    max_ks: float = 0.2
    max_calibration_error: float = 0.1
    min_accuracy_margin: float = 0.0
    min_outcomes: int = 500


def health_of(
    model_id: str,
    session: Session,
    *,
    features: Sequence[FeatureDrift],
    reference: Sequence[FeatureReference],
    outcomes: OutcomeFigures,
    bounds: WatchBounds,
) -> ModelHealth:
    """Return a model's health after a session, with each bound it passed.

    `features` are held against the model's `reference`, in its order.
    """
    return ModelHealth(
        model_id=model_id,
        session=session,
        features=tuple(features),
        outcomes=outcomes.outcomes,
        accuracy=outcomes.accuracy,
        baseline_accuracy=outcomes.baseline_accuracy,
        log_loss=outcomes.log_loss,
        calibration_error=outcomes.calibration_error,
        breaches=(*_of_outcomes(outcomes, bounds), *_of_features(features, reference, bounds)),
    )


def new_breaches(health: ModelHealth, before: ModelHealth | None) -> tuple[str, ...]:
    """Return the breaches of what was within its bounds before; None: nothing was watched."""
    known = {_subject(breach) for breach in before.breaches} if before else set()
    return tuple(breach for breach in health.breaches if _subject(breach) not in known)


def _of_outcomes(figures: OutcomeFigures, bounds: WatchBounds) -> Iterator[str]:
    if figures.outcomes < bounds.min_outcomes:
        return
    yield from _of_accuracy(figures, bounds)
    error = figures.calibration_error
    if error is not None and error > bounds.max_calibration_error:
        yield f"calibration{BETWEEN}error {error:.3f} above {bounds.max_calibration_error:g}"


def _of_accuracy(figures: OutcomeFigures, bounds: WatchBounds) -> Iterator[str]:
    accuracy, baseline, error = (
        figures.accuracy,
        figures.baseline_accuracy,
        figures.difference_error,
    )
    if accuracy is None or baseline is None or error is None:
        return
    wanted = baseline + bounds.min_accuracy_margin
    if accuracy < wanted - STANDARD_ERRORS * error:
        yield f"accuracy{BETWEEN}{accuracy:.3f} below {wanted:.3f}, standard error {error:.3f}"


def _of_features(
    features: Sequence[FeatureDrift], reference: Sequence[FeatureReference], bounds: WatchBounds
) -> Iterator[str]:
    for one, training in zip(features, reference, strict=True):
        passed = [
            f"{name} {figure:.2f} above {bound:.3g}"
            for name, figure, bound in (
                ("PSI", one.psi, max(bounds.max_psi, training.highest_psi)),
                ("KS", one.ks, max(bounds.max_ks, training.highest_ks)),
            )
            if figure is not None and figure > bound
        ]
        if passed:
            yield f"{one.name}{BETWEEN}{', '.join(passed)}"


def _subject(breach: str) -> str:
    return breach.partition(BETWEEN)[0]
