"""How far the figures of a session's walk-forwards can be believed, from what is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.research.coverage import index_coverage
from alpha_oracle.research.evidence import rank_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import RankEvidence
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.walk_forward import WalkForwardResult


def evidence_of(
    runtime: Runtime, results: Sequence[WalkForwardResult], *, session: Session, as_of: datetime
) -> dict[str, RankEvidence]:
    """Return the evidence of each strategy's result on a session's market."""
    market = runtime.markets.market(session, as_of=as_of)
    trials = runtime.trials.trials()
    return {
        result.strategy: rank_evidence(
            result.record,
            market,
            strategy=result.strategy,
            trials=trials,
            coverage_pct=coverage_pct(runtime, market, result.record.sessions, as_of=as_of),
        )
        for result in results
    }


def coverage_pct(
    runtime: Runtime, market: MarketPanel, sessions: NDArray[np.datetime64], *, as_of: datetime
) -> float | None:
    """Return the share of the index's members that had bars, over sessions of a market in a row.

    None where no membership is on record for any of them.
    """
    if not len(sessions):
        return None
    first, last = np.searchsorted(market.sessions, sessions[[0, -1]])
    rows = slice(int(first), int(last) + 1)
    covered = index_coverage(
        runtime.market_stores.reference.memberships(as_of=as_of),
        sessions=market.sessions[rows],
        symbols=market.symbols,
        has_bar=np.isfinite(market.traded_close[rows]),
    )
    return None if covered is None else covered.mean_pct
