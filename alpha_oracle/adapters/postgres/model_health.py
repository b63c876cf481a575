"""How models fare: one row a model and session, its features as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.domain.models import FeatureDrift, ModelHealth

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

_OWN: Final = (
    "model_id",
    "session",
    "outcomes",
    "accuracy",
    "baseline_accuracy",
    "log_loss",
    "calibration_error",
)
_LISTS: Final = {
    "features": "text[]",
    "psi": "double precision[]",
    "ks": "double precision[]",
    "known_fraction": "double precision[]",
    "breaches": "text[]",
}
_COLUMNS: Final = (*_OWN, *_LISTS)
_VALUES: Final = ", ".join(
    f"CAST(:{name} AS {_LISTS[name]})" if name in _LISTS else f":{name}" for name in _COLUMNS
)
_RENEWED: Final = ", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[2:], "watched_at"))
_SAVE: Final = (
    f"INSERT INTO model_health ({', '.join(_COLUMNS)}, watched_at) VALUES ({_VALUES}, :at)"
    f" ON CONFLICT (model_id, session) DO UPDATE SET {_RENEWED}"
)
_SELECT: Final = (
    f"SELECT {', '.join(_COLUMNS)} FROM model_health"
    " WHERE (CAST(:model_id AS text) IS NULL OR model_id = :model_id)"
    " AND (CAST(:until AS date) IS NULL OR session <= :until)"
    " ORDER BY session DESC, watched_at DESC, model_id LIMIT :limit"
)


class PostgresModelHealth:
    """`HealthStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, health: ModelHealth, *, at: datetime) -> None:
        """Keep a model's health after a session in place of what is on record of it."""
        with self._database.begin() as connection:
            connection.execute(text(_SAVE), {**_to_values(health), "at": at})

    def history(
        self,
        *,
        model_id: str | None = None,
        until: Session | None = None,
        limit: int | None = None,
    ) -> list[ModelHealth]:
        """Return what is on record, newest session first, of a session the last watched first.

        None: of every model, up to the newest session.
        """
        values = {"model_id": model_id, "until": until, "limit": limit}
        with self._database.begin() as connection:
            rows = connection.execute(text(_SELECT), values)
            return [_to_health(row) for row in rows]


def _to_values(health: ModelHealth) -> dict[str, object]:
    return {
        **{name: getattr(health, name) for name in _OWN},
        "features": [feature.name for feature in health.features],
        "psi": [feature.psi for feature in health.features],
        "ks": [feature.ks for feature in health.features],
        "known_fraction": [feature.known_fraction for feature in health.features],
        "breaches": list(health.breaches),
    }


def _to_health(row: Row[Any]) -> ModelHealth:
    features = zip(row.features, row.psi, row.ks, row.known_fraction, strict=True)
    return ModelHealth(
        **{name: getattr(row, name) for name in _OWN},
        features=tuple(
            FeatureDrift(name=name, psi=psi, ks=ks, known_fraction=known)
            for name, psi, ks, known in features
        ),
        breaches=tuple(row.breaches),
    )
