"""Which strategies may trade: a composite score to order them, thresholds to admit them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import stdev
from typing import TYPE_CHECKING

from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.research.metrics import performance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import PerformanceMetrics, RankEvidence
    from alpha_oracle.research.walk_forward import WalkForwardResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWeights:
    """What each part weighs in the composite; they sum to 1."""

    sharpe: float
    sortino: float
    drawdown: float
    profit_factor: float
    consistency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a strategy must beat. A figure exactly on a threshold does not."""

    min_sharpe: float
    min_profit_factor: float
    max_drawdown_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRanker:
    """Ranks strategies by what they did out of sample."""

    weights: ScoreWeights
    thresholds: Thresholds

    def rank(
        self,
        results: Sequence[WalkForwardResult],
        *,
        session: Session,
        evidence: Mapping[str, RankEvidence] | None = None,
    ) -> list[StrategyRank]:
        """Return the ranking of a session, best composite first, then by name.

        Refused strategies keep their place: what closes their lots is ordered by it too. The
        evidence, by strategy, is shown beside; it neither orders nor admits.
        """
        known = evidence or {}
        scored = sorted(
            (self._scored(result) for result in results),
            key=lambda one: (-one.composite, one.result.strategy),
        )
        return [
            StrategyRank(
                session=session,
                rank=place,
                strategy=one.result.strategy,
                composite=one.composite,
                consistency=one.consistency,
                windows=len(one.result.windows),
                metrics=one.metrics,
                refusals=tuple(refusals(one.metrics, self.thresholds)),
                parameters=one.result.parameters,
                evidence=known.get(one.result.strategy),
            )
            for place, one in enumerate(scored, start=1)
        ]

    def _scored(self, result: WalkForwardResult) -> _Scored:
        metrics = performance(result.record)
        steadiness = consistency([window.return_pct for window in result.windows])
        return _Scored(
            result=result,
            metrics=metrics,
            consistency=steadiness,
            composite=composite(metrics, consistency=steadiness, weights=self.weights),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    result: WalkForwardResult
    metrics: PerformanceMetrics
    consistency: float
    composite: float


def consistency(window_returns_pct: Sequence[float]) -> float:
    """Return 0 to 1: how little test-window returns scatter; 0 where one window shows nothing."""
    if len(window_returns_pct) < 2:  # noqa: PLR2004 - A sample deviation takes two.
        return 0.0
    return _clamp(1.0 - stdev(window_returns_pct) / 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """One figure's part of the composite: the figure, what it scores from 0 to 1, its weight."""

    name: str
    figure: float | None
    formula: str
    score: float
    weight: float

    @property
    def points(self) -> float:
        """What it adds to the composite."""
        return self.weight * self.score


def score_parts(
    metrics: PerformanceMetrics, *, consistency: float, weights: ScoreWeights
) -> tuple[ScorePart, ...]:
    """Return the parts of the composite.

    Without a losing trade, or without a losing session on a gain, the figure is beyond every
    bound and scores 1; any other figure that does not exist scores 0.
    """
    return (
        ScorePart(
            name="Sharpe ratio",
            figure=metrics.sharpe,
            formula="ratio / 3",
            score=_clamp((metrics.sharpe or 0.0) / 3),
            weight=weights.sharpe,
        ),
        ScorePart(
            name="Sortino ratio",
            figure=metrics.sortino,
            formula="ratio / 4",
            score=_sortino_score(metrics),
            weight=weights.sortino,
        ),
        ScorePart(
            name="Max drawdown, %",
            figure=metrics.max_drawdown_pct,
            formula="1 - drawdown / 50",
            score=_clamp(1.0 - metrics.max_drawdown_pct / 50),
            weight=weights.drawdown,
        ),
        ScorePart(
            name="Profit factor",
            figure=metrics.profit_factor,
            formula="(factor - 1) / 2",
            score=_profit_factor_score(metrics),
            weight=weights.profit_factor,
        ),
        ScorePart(
            name="Consistency",
            figure=consistency,
            formula="1 - deviation of window returns in % / 50",
            score=_clamp(consistency),
            weight=weights.consistency,
        ),
    )


def composite(metrics: PerformanceMetrics, *, consistency: float, weights: ScoreWeights) -> float:
    """Return the weighted score, 0 to 1: the points of its parts together."""
    parts = score_parts(metrics, consistency=consistency, weights=weights)
    return sum(part.points for part in parts)


def refusals(metrics: PerformanceMetrics, thresholds: Thresholds) -> Iterator[str]:
    """Yield each threshold the figures fall short of, with both figures."""
    if metrics.trades == 0:
        yield "no trade out of sample"
    if metrics.sharpe is None:
        yield f"no Sharpe ratio (returns never varied), above {thresholds.min_sharpe:g} required"
    elif not metrics.sharpe > thresholds.min_sharpe:
        yield f"Sharpe ratio {metrics.sharpe:.4g}, above {thresholds.min_sharpe:g} required"
    if metrics.trades and not _beats_profit_factor(metrics, thresholds.min_profit_factor):
        yield (
            f"profit factor {metrics.profit_factor or 0.0:.4g}, "
            f"above {thresholds.min_profit_factor:g} required"
        )
    if not metrics.max_drawdown_pct < thresholds.max_drawdown_pct:
        yield (
            f"drawdown {metrics.max_drawdown_pct:.4g} %, "
            f"below {thresholds.max_drawdown_pct:g} % required"
        )


def _beats_profit_factor(metrics: PerformanceMetrics, bound: float) -> bool:
    if metrics.profit_factor is None:
        return _only_won(metrics)
    return metrics.profit_factor > bound


def _profit_factor_score(metrics: PerformanceMetrics) -> float:
    if metrics.profit_factor is None:
        return 1.0 if _only_won(metrics) else 0.0
    return _clamp((metrics.profit_factor - 1) / 2)


def _sortino_score(metrics: PerformanceMetrics) -> float:
    if metrics.sortino is None:
        return 1.0 if metrics.total_return_pct > 0 else 0.0
    return _clamp(metrics.sortino / 4)


def _only_won(metrics: PerformanceMetrics) -> bool:
    return bool(metrics.win_rate)


def _clamp(part: float) -> float:
    return min(max(part, 0.0), 1.0)
