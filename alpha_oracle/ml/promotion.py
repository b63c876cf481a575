"""The promotion gate: what a model must have shown out of sample before it may be active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.domain.models import Interval, ValidationFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionGate:
    """Bounds on validation figures. What lies on a bound, or is unknown, is refused.

    The lower ends of the intervals of log-loss skill and rank correlation must lie above the
    minima, that of the return over the persistence baseline above 0, and the calibration error
    below its maximum. Fewer trades than `min_trades` prove nothing about returns.
    """

    min_log_loss_skill: float = 0.0
    min_rank_correlation: float = 0.0
    max_calibration_error: float = 0.05
    must_beat_baseline: bool = True
    min_trades: int = 30

    def refusals(self, figures: ValidationFigures) -> tuple[str, ...]:
        """Return why a model with these figures may not be active, in plain words; else nothing."""
        if not (figures.windows and figures.sessions and figures.forecasts):
            return ("it was never tested: no test window has a forecast whose horizon is over",)
        return tuple(self._refusals(figures))

    def _refusals(self, figures: ValidationFigures) -> Iterator[str]:
        yield from _unless_above(
            "log-loss skill over the class frequencies",
            figures.log_loss_skill,
            minimum=self.min_log_loss_skill,
        )
        yield from _unless_above(
            "rank correlation with returns",
            figures.rank_correlation,
            minimum=self.min_rank_correlation,
        )
        yield from self._of_calibration(figures.calibration_error)
        if figures.trades < self.min_trades:
            yield f"{figures.trades} trades, {self.min_trades} at least required"
        if self.must_beat_baseline:
            yield from _unless_above(
                "yearly return over the persistence baseline", figures.advantage, minimum=0.0
            )

    def _of_calibration(self, error: float | None) -> Iterator[str]:
        if error is None:
            yield "calibration error unknown"
        # A NaN is below nothing.
        elif not error < self.max_calibration_error:
            yield f"calibration error {error:.4f}, below {self.max_calibration_error:g} required"


def _unless_above(what: str, interval: Interval, *, minimum: float) -> Iterator[str]:
    if interval.low is None:
        yield f"{what} unknown"
    elif not interval.low > minimum:
        value = "unknown" if interval.value is None else f"{interval.value:.4f}"
        yield f"{what} {value}, its lower end {interval.low:.4f}, above {minimum:g} required"
