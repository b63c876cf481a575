"""How far a walk-forward's figures can be believed: chance, what was tried, coverage, SPY."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.ranking import RankEvidence
from alpha_oracle.research.chance import chance_figures
from alpha_oracle.research.metrics import benchmark_figures
from alpha_oracle.research.resampling import resampled_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.walk_forward import Trial
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.metrics import TrackRecord


def rank_evidence(
    record: TrackRecord,
    market: MarketPanel,
    *,
    strategy: str,
    trials: Sequence[Trial],
    coverage_pct: float | None,
) -> RankEvidence:
    """Return how far the figures of a stitched record can be believed."""
    interval = resampled_figures(record.returns, seed=seed_of(strategy)).sharpe
    chance = chance_figures(record.returns, trial_sharpes=[trial.sharpe for trial in trials])
    closes = benchmark_closes(market, record.sessions)
    beside = None
    if closes is not None:
        beside = benchmark_figures(record.returns, closes[1:] / closes[:-1] - 1.0)
    return RankEvidence(
        sharpe_low=None if interval is None else interval.low,
        sharpe_high=None if interval is None else interval.high,
        deflated_sharpe=chance.deflated_sharpe,
        trials=chance.trials,
        coverage_pct=coverage_pct,
        benchmark_return_pct=None if closes is None else growth_pct(closes),
        alpha_pct=None if beside is None else beside.alpha_pct,
        beta=None if beside is None else beside.beta,
    )


def benchmark_closes(
    market: MarketPanel, sessions: NDArray[np.datetime64]
) -> NDArray[np.float64] | None:
    """Return SPY's total return index on the close before some sessions and on each of them.

    None where the market knows no SPY, or there is no session. The sessions follow one another.
    """
    spy = market.context.spy
    if spy is None or not len(sessions):
        return None
    first = int(np.searchsorted(market.sessions, sessions[0]))
    before = spy[first - 1 : first] if first else np.full(1, np.nan)
    closes = np.concatenate([before, spy[first : first + len(sessions)]])
    return None if np.isnan(closes[1:]).all() else closes


def growth_pct(closes: NDArray[np.float64]) -> float | None:
    """Return what an index gained over the closes that are known, in percent."""
    known = closes[np.isfinite(closes)]
    return float(known[-1] / known[0] - 1.0) * 100 if len(known) > 1 else None


def seed_of(text: str) -> int:
    """Return a seed that is the same wherever and whenever a text is drawn for."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
