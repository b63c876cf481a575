"""What the combinations of a sweep came to, put in order and judged together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.domain.sweeps import SweptVariant
from alpha_oracle.research.chance import chance_of, sharpe_estimate
from alpha_oracle.research.metrics import performance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import PerformanceMetrics
    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.research.chance import SharpeEstimate
    from alpha_oracle.research.metrics import TrackRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFigures:
    """One combination's figures: small enough to travel between processes.

    `first` and `last` are the sessions traded; None, as the estimate, where there was none.
    """

    parameters: Mapping[str, Parameter]
    title: str
    notes: tuple[str, ...]
    first: Session | None
    last: Session | None
    metrics: PerformanceMetrics
    estimate: SharpeEstimate | None


def variant_figures(
    record: TrackRecord,
    *,
    parameters: Mapping[str, Parameter],
    title: str,
    notes: tuple[str, ...],
) -> VariantFigures:
    """Return the figures of a track record."""
    days: list[Session] = record.sessions.tolist()
    return VariantFigures(
        parameters=dict(parameters),
        title=title,
        notes=notes,
        first=days[0] if days else None,
        last=days[-1] if days else None,
        metrics=performance(record),
        estimate=sharpe_estimate(record.returns),
    )


def best_first(
    figures: Sequence[VariantFigures], *, trial_sharpes: Sequence[float | None]
) -> tuple[SweptVariant, ...]:
    """Return the variants by Sharpe ratio, the highest first; equal ones stay in their order.

    Each is held against the luckiest of `trial_sharpes`, the annualised ratios of everything
    tried, the sweep included: whoever picks the first of a list picks luck with it.
    """
    judged = [
        SweptVariant(
            parameters=one.parameters,
            notes=one.notes,
            metrics=one.metrics,
            chance=chance_of(one.estimate, trial_sharpes=trial_sharpes),
        )
        for one in figures
    ]
    return tuple(sorted(judged, key=_badness))


def _badness(variant: SweptVariant) -> tuple[bool, float]:
    ratio = variant.metrics.sharpe
    return (ratio is None, -(ratio or 0.0))
