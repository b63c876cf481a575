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
_BY: Final = ("model_id", "session")
_COLUMNS: Final = ", ".join(_TYPES)
_GIVEN: Final = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _TYPES.items())
# One writer at a time, so that two attempts never leave a mixture; readers do not wait.
_LOCK: Final = "LOCK TABLE predictions IN SHARE ROW EXCLUSIVE MODE"
_CLEAR: Final = """
DELETE FROM predictions USING unnest(CAST(:model_id AS text[]), CAST(:session AS date[]))
    AS given (model_id, session)
WHERE predictions.model_id = given.model_id AND predictions.session = given.session
"""
_SAVE: Final = f"""
INSERT INTO predictions ({_COLUMNS}, predicted_at)
SELECT {_COLUMNS}, :at FROM unnest({_GIVEN}) AS given ({_COLUMNS})
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
        """Keep forecasts in place of all there are of their models and sessions, or none of them.

        Of two alike in one load the last counts.
        """
        last = {(one.model_id, one.session, one.symbol): one for one in predictions}
        if last:
            columns = {name: [getattr(one, name) for one in last.values()] for name in _TYPES}
            with self._database.begin() as connection:
                connection.execute(text(_LOCK))
                connection.execute(text(_CLEAR), {name: columns[name] for name in _BY})
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
