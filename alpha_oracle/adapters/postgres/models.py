"""The registry of models: their records, and each change of a stage with who made it and why."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres import audit
from alpha_oracle.adapters.postgres.documents import storable, to_json
from alpha_oracle.domain.models import (
    FeatureDefinition,
    Interval,
    ModelRecord,
    ModelStage,
    StageChange,
    ValidationFigures,
)
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from alpha_oracle.adapters.postgres.engine import Database

NAMED_IN_ERRORS: Final = 10

_PLAIN: Final = (
    "model_id", "trained_at", "train_start", "train_end", "as_of", "code_version", "terms_key",
)  # fmt: skip
_DOCUMENTS: Final = ("parameters", "validation", "files")
_LISTS: Final = ("feature_names", "feature_hashes", "feature_known", "refusals", "window_keys")
_INTERVALS: Final = ("accuracy", "log_loss_skill", "rank_correlation", "sharpe", "advantage")
_JUDGED: Final = ("validation", "refusals", "window_keys", "terms_key")
_GIVEN: Final = (*_PLAIN, *_DOCUMENTS, *_LISTS)
_INSERT: Final = (
    f"INSERT INTO models (stage, {', '.join(_GIVEN)}) VALUES ('candidate', "
    + ", ".join(f"CAST(:{name} AS json)" if name in _DOCUMENTS else f":{name}" for name in _GIVEN)
    + ") ON CONFLICT (model_id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _JUDGED)
    # A row is of version 0 until it is changed; nothing comes back of one that stands.
    + " WHERE models.stage = 'candidate' RETURNING xmax = 0 AS is_new"
)
_SELECT: Final = f"SELECT stage, {', '.join(_GIVEN)}, activated_at, predecessors FROM models"
_PAGE: Final = """
WHERE (CAST(:stage AS text) IS NULL OR stage = :stage)
  AND (
    CAST(:trained_at AS timestamptz) IS NULL
    OR (trained_at, model_id) < (:trained_at, :model_id)
  )
ORDER BY trained_at DESC, model_id DESC LIMIT :limit
"""
_ACTIVATE: Final = """
UPDATE models SET
    stage = 'active', activated_at = :at,
    predecessors = array_append(predecessors, CAST(:predecessor AS text))
WHERE model_id = :model_id
"""
_REACTIVATE: Final = """
UPDATE models SET stage = 'active', activated_at = :at WHERE model_id = :model_id
"""
_RETIRE: Final = "UPDATE models SET stage = 'retired' WHERE model_id = :model_id"
_RETIRE_FOR_GOOD: Final = """
UPDATE models SET stage = 'retired', predecessors = trim_array(predecessors, 1)
WHERE model_id = :model_id
"""
_LOG: Final = """
INSERT INTO model_changes (model_id, stage, changed_at, changed_by, reason)
VALUES (:model_id, :stage, :at, :by, :reason)
"""


class PostgresModels:
    """`ModelStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, record: ModelRecord) -> bool:
        """Keep a candidate; return False where its id is on record.

        That record stands, but for what a candidate was judged by: its figures, refusals and
        window keys are renewed. Those of a model that was ever active are not.
        """
        with self._database.begin() as connection:
            return bool(connection.scalar(text(_INSERT), _to_values(record)))

    def named(self, model_id: str) -> ModelRecord:
        """Return a model.

        Raises:
            ConfigurationError: no model has that id; says which there are.
        """
        with self._database.begin() as connection:
            return _named(connection, model_id)

    def active(self) -> ModelRecord | None:
        """Return the active model."""
        with self._database.begin() as connection:
            return _active(connection)

    def models(
        self,
        *,
        stage: ModelStage | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int | None = None,
    ) -> list[ModelRecord]:
        """Return models, newest first.

        `after` are instant of training and id of the last one of the page before.
        """
        trained_at, model_id = after or (None, "")
        place = {"trained_at": trained_at, "model_id": model_id}
        values = place | {"stage": stage, "limit": limit}
        with self._database.begin() as connection:
            rows = connection.execute(text(f"{_SELECT} {_PAGE}"), values)
            return [_to_record(row) for row in rows]

    def promote(
        self, model_id: str, *, expected: str | None, by: str, reason: str, at: datetime
    ) -> ModelRecord:
        """Make a model the active one and retire the one that was, both or neither.

        Raises:
            ConfigurationError: no model has that id, it is the active one, or another than
                `expected` (None: none) is active by now.
        """
        change = {"by": storable(by), "reason": storable(reason), "at": at}
        with self._changing() as connection:
            if _named(connection, model_id).stage is ModelStage.ACTIVE:
                raise ConfigurationError(f"model {model_id} is the active one already")
            before = _active(connection)
            _require(expected, before)
            predecessor = expected
            if predecessor is not None:
                _change(connection, predecessor, _RETIRE, stage=ModelStage.RETIRED, change=change)
            _change(
                connection,
                model_id,
                _ACTIVATE,
                stage=ModelStage.ACTIVE,
                change={**change, "predecessor": predecessor},
            )
            _audit(connection, model_id, "model_promoted", replaced=predecessor, change=change)
            return _named(connection, model_id)

    def roll_back(self, *, expected: str | None, by: str, reason: str, at: datetime) -> ModelRecord:
        """Retire the active model and return to the one before it, both or neither.

        Raises:
            ConfigurationError: none is active, none was active before it, or another than
                `expected` (None: none) is active by now.
        """
        change = {"by": storable(by), "reason": storable(reason), "at": at}
        with self._changing() as connection:
            active = _active(connection)
            _require(expected, active)
            if active is None:
                raise ConfigurationError("no model is active, so there is none to return to")
            if active.predecessor is None:
                raise ConfigurationError(
                    f"no model was active before {active.model_id}, so there is none to return to"
                )
            left, model_id = active.model_id, active.predecessor
            _change(connection, left, _RETIRE_FOR_GOOD, stage=ModelStage.RETIRED, change=change)
            _change(connection, model_id, _REACTIVATE, stage=ModelStage.ACTIVE, change=change)
            _audit(connection, model_id, "model_rolled_back", replaced=left, change=change)
            return _named(connection, model_id)

    def changes(self, *, limit: int | None = None) -> list[StageChange]:
        """Return changes of stages, newest first."""
        statement = (
            "SELECT model_id, stage, changed_at, changed_by, reason FROM model_changes"
            " ORDER BY change_id DESC LIMIT :limit"
        )
        with self._database.begin() as connection:
            rows = connection.execute(text(statement), {"limit": limit})
            return [_to_change(row) for row in rows]

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._database.begin() as connection:
            # One at a time: the other then sees which model is active, and that it stays so.
            connection.execute(text("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE"))
            yield connection


def _named(connection: Connection, model_id: str) -> ModelRecord:
    row = connection.execute(
        text(f"{_SELECT} WHERE model_id = :model_id"), {"model_id": storable(model_id)}
    ).one_or_none()
    if row is None:
        raise ConfigurationError(_unknown(connection, model_id))
    return _to_record(row)


def _require(expected: str | None, active: ModelRecord | None) -> None:
    found = None if active is None else active.model_id
    if found != expected:
        raise ConfigurationError(
            f"the active model is {found or 'none'} by now, no longer {expected or 'none'}: "
            "another changed it meanwhile; look at `models list` and ask again"
        )


def _unknown(connection: Connection, model_id: str) -> str:
    known = connection.scalars(
        text("SELECT model_id FROM models ORDER BY trained_at DESC, model_id DESC LIMIT :limit"),
        {"limit": NAMED_IN_ERRORS},
    ).all()
    there_is = f"the newest are {', '.join(known)}" if known else "none is registered yet"
    return f"no model is called {model_id!r}; {there_is}"


def _active(connection: Connection) -> ModelRecord | None:
    row = connection.execute(text(f"{_SELECT} WHERE stage = 'active'")).one_or_none()
    return None if row is None else _to_record(row)


def _change(
    connection: Connection,
    model_id: str,
    statement: str,
    *,
    stage: ModelStage,
    change: Mapping[str, object],
) -> None:
    values = {**change, "model_id": model_id}
    connection.execute(text(statement), values)
    connection.execute(text(_LOG), {**values, "stage": stage.value})


def _audit(
    connection: Connection,
    model_id: str,
    action: str,
    *,
    replaced: str | None,
    change: Mapping[str, Any],
) -> None:
    audit.record(
        connection,
        change["by"],
        action=action,
        subject=f"model:{model_id}",
        detail={"replaced": replaced, "reason": change["reason"]},
        at=change["at"],
    )


def _to_values(record: ModelRecord) -> dict[str, object]:
    return {
        **{name: getattr(record, name) for name in _PLAIN},
        "parameters": to_json(record.parameters),
        "validation": to_json(asdict(record.validation)),
        "files": to_json(record.files),
        "feature_names": [feature.name for feature in record.features],
        "feature_hashes": [feature.definition_hash for feature in record.features],
        "feature_known": [feature.known_fraction for feature in record.features],
        "refusals": list(record.refusals),
        "window_keys": list(record.window_keys),
    }


def _to_record(row: Row[Any]) -> ModelRecord:
    features = zip(row.feature_names, row.feature_hashes, row.feature_known, strict=True)
    return ModelRecord(
        **{name: getattr(row, name) for name in _PLAIN},
        stage=ModelStage(row.stage),
        parameters=row.parameters,
        features=tuple(
            FeatureDefinition(name=name, definition_hash=definition, known_fraction=known)
            for name, definition, known in features
        ),
        validation=_to_figures(row.validation),
        refusals=tuple(row.refusals),
        window_keys=tuple(row.window_keys),
        files=row.files,
        activated_at=row.activated_at,
        predecessor=row.predecessors[-1] if row.predecessors else None,
    )


def _to_figures(document: dict[str, Any]) -> ValidationFigures:
    intervals = {name: Interval(**document[name]) for name in _INTERVALS}
    return ValidationFigures(**{**document, **intervals})


def _to_change(row: Row[Any]) -> StageChange:
    return StageChange(
        model_id=row.model_id,
        stage=ModelStage(row.stage),
        at=row.changed_at,
        by=row.changed_by,
        reason=row.reason,
    )
