"""What is on record of rankings and models as JSON values."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alpha_oracle.domain.models import ModelRecord
    from alpha_oracle.domain.ranking import StrategyRank


def rank_document(rank: StrategyRank) -> dict[str, Any]:
    """Return a rank with every figure."""
    metrics = rank.metrics
    return {
        "session": rank.session.isoformat(),
        "rank": rank.rank,
        "strategy": rank.strategy,
        "composite": rank.composite,
        "eligible": rank.is_eligible,
        "refusals": list(rank.refusals),
        "consistency": rank.consistency,
        "windows": rank.windows,
        **asdict(metrics),
        "parameters": dict(rank.parameters),
        "evidence": None if rank.evidence is None else asdict(rank.evidence),
    }


def model_document(record: ModelRecord) -> dict[str, Any]:
    """Return a model, how it was judged and where it stands."""
    activated = record.activated_at
    return {
        "model_id": record.model_id,
        "stage": record.stage.value,
        "trained_at": record.trained_at.isoformat(),
        "train_start": record.train_start.isoformat(),
        "train_end": record.train_end.isoformat(),
        "as_of": record.as_of.isoformat(),
        "code_version": record.code_version,
        "refusals": list(record.refusals),
        "validation": asdict(record.validation),
        "activated_at": None if activated is None else activated.isoformat(),
        "predecessor": record.predecessor,
    }
