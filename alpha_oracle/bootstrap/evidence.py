"""How far the figures of a session's walk-forwards can be believed, from what is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.research.coverage import coverage_pct
from alpha_oracle.research.evidence import rank_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import RankEvidence
    from alpha_oracle.research.walk_forward import WalkForwardResult


def evidence_of(
    runtime: Runtime, results: Sequence[WalkForwardResult], *, session: Session, as_of: datetime
) -> dict[str, RankEvidence]:
    """Return the evidence of each strategy's result on a session's market."""
    market = runtime.markets.market(session, as_of=as_of)
    trials = runtime.trials.trials()
    memberships = runtime.market_stores.reference.memberships(as_of=as_of)
    return {
        result.strategy: rank_evidence(
            result.record,
            market,
            strategy=result.strategy,
            trials=trials,
            coverage_pct=coverage_pct(memberships, market, result.record.sessions),
        )
        for result in results
    }
