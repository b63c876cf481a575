"""Why a model forecast what a signal follows from: written once, as the signal is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.domain.models import Contribution, ReturnClass, SignalExplanation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database

_COLUMNS: Final = (
    "signal_id, model_id, forecast, confidence, features, feature_values, contributions"
)
_INSERT: Final = f"""
INSERT INTO signal_explanations ({_COLUMNS})
VALUES (
    :signal_id, :model_id, :forecast, :confidence, CAST(:features AS text[]),
    CAST(:feature_values AS double precision[]), CAST(:contributions AS double precision[])
)
ON CONFLICT (signal_id) DO NOTHING
"""
_SELECT: Final = f"SELECT {_COLUMNS} FROM signal_explanations WHERE signal_id = ANY(:signal_ids)"


class PostgresExplanations:
    """`ExplanationStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, explanations: Sequence[SignalExplanation]) -> None:
        """Keep explanations; of a signal that has one, the first stands."""
        if explanations:
            # In one order, so that two writers at once never wait for one another.
            ordered = sorted(explanations, key=lambda one: one.signal_id)
            with self._database.begin() as connection:
                connection.execute(text(_INSERT), [_to_values(one) for one in ordered])

    def explanations(self, signal_ids: Sequence[str]) -> dict[str, SignalExplanation]:
        """Return what is on record, by signal id."""
        with self._database.begin() as connection:
            rows = connection.execute(text(_SELECT), {"signal_ids": list(signal_ids)})
            return {row.signal_id: _to_explanation(row) for row in rows}


def _to_values(explanation: SignalExplanation) -> dict[str, object]:
    parts = explanation.contributions
    return {
        "signal_id": explanation.signal_id,
        "model_id": explanation.model_id,
        "forecast": int(explanation.forecast),
        "confidence": explanation.confidence,
        "features": [part.feature for part in parts],
        "feature_values": [part.value for part in parts],
        "contributions": [part.contribution for part in parts],
    }


def _to_explanation(row: Row[Any]) -> SignalExplanation:
    parts = zip(row.features, row.feature_values, row.contributions, strict=True)
    return SignalExplanation(
        signal_id=row.signal_id,
        model_id=row.model_id,
        forecast=ReturnClass(row.forecast),
        confidence=row.confidence,
        contributions=tuple(
            Contribution(feature=feature, value=value, contribution=contribution)
            for feature, value, contribution in parts
        ),
    )
