"""Forecasts on record: one row a model, session and symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.models import Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

_TYPES: Final = {
    "model_id": "text",
    "session": "date",
    "symbol": "text",
    "down": "double precision",
    "neutral": "double precision",
    "up": "double precision",
}
_COLUMNS: Final = ", ".join(_TYPES)
_GIVEN: Final = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _TYPES.items())
_SAVE: Final = f"""
INSERT INTO predictions ({_COLUMNS}, predicted_at)
SELECT {_COLUMNS}, :at FROM unnest({_GIVEN}) AS given ({_COLUMNS})
ON CONFLICT (model_id, session, symbol) DO UPDATE SET
    down = excluded.down, neutral = excluded.neutral, up = excluded.up,
    predicted_at = excluded.predicted_at
"""
_SELECT: Final = f"""
SELECT {_COLUMNS} FROM predictions
WHERE model_id = :model_id AND session BETWEEN :start AND :end ORDER BY session, symbol
"""


class PostgresPredictions:
    """`PredictionStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, predictions: Sequence[Prediction], *, at: datetime) -> None:
        """Keep forecasts in place of those of the same session, symbol and model."""
        # In one order, so that two writers at once never wait for one another; of two alike in
        # one load, the last counts.
        last = {(one.model_id, one.session, one.symbol): one for one in predictions}
        ordered = [last[key] for key in sorted(last)]
        if ordered:
            columns = {name: [getattr(one, name) for one in ordered] for name in _TYPES}
            with self._database.begin() as connection:
                connection.execute(text(_SAVE), {**columns, "at": at})

    def predictions(self, *, model_id: str, start: Session, end: Session) -> list[Prediction]:
        """Return a model's forecasts of sessions from `start` to `end`, by session, symbol."""
        values = {"model_id": model_id, "start": start, "end": end}
        with self._database.begin() as connection:
            return [
                Prediction(
                    session=row.session,
                    symbol=Symbol(row.symbol),
                    model_id=row.model_id,
                    down=row.down,
                    neutral=row.neutral,
                    up=row.up,
                )
                for row in connection.execute(text(_SELECT), values)
            ]
