"""The record of daily runs, and the lock that keeps two runs of a session apart."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable, to_json
from alpha_oracle.adapters.postgres.session_locks import SessionLock, let_go, take
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.runs import RunRecord, RunStatus
from alpha_oracle.errors import DataError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.market import Session

log = structlog.get_logger(__name__)

RUN_LOCKS: Final = 6_102
"""The first half of the advisory lock's key; the second is the session's ordinal."""

_COLUMNS: Final = "session, as_of, settings, symbols, status, error, summary, model_id"
_IS_RUN: Final = "session = :session AND symbols = CAST(:symbols AS text[])"

_LATEST: Final = f"SELECT {_COLUMNS} FROM runs WHERE symbols = '{{}}' ORDER BY session DESC LIMIT 1"

# A later run of the session counts an attempt; what the first one decided on stays.
_BEGIN: Final = f"""
INSERT INTO runs (
    session, as_of, settings, symbols, model_id, status, attempts, first_started_at, started_at
)
VALUES (
    :session, :as_of, CAST(:settings AS json), CAST(:symbols AS text[]), :model_id, 'running', 1,
    :at, :at
)
ON CONFLICT (session, symbols) DO UPDATE SET
    status = 'running', error = NULL, summary = NULL, finished_at = NULL,
    attempts = runs.attempts + 1, started_at = excluded.started_at
RETURNING {_COLUMNS}
"""


class PostgresRuns:
    """`RunStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def only_run(self, session: Session) -> Iterator[None]:
        """Hold the session's lock; it ends with the block, or with the process.

        Raises:
            TransientError: another process runs this session, or Postgres cannot be reached.
        """
        lock = SessionLock(space=RUN_LOCKS, number=session.toordinal())
        connection = take(self._database, lock)
        if connection is None:
            raise TransientError(
                f"another process runs session {session}; wait for it to end, then repeat"
            )
        try:
            yield
        finally:
            if not let_go(connection):
                # Whoever took the lock meanwhile wrote the same rows: each store is safe to repeat.
                log.warning("run_lock_lost", session=session.isoformat())

    def record(
        self, session: Session, symbols: tuple[Symbol, ...] | None = None
    ) -> RunRecord | None:
        """Return what is on record of a session's run."""
        with self._database.begin() as connection:
            row = connection.execute(
                text(f"SELECT {_COLUMNS} FROM runs WHERE {_IS_RUN}"), _key(session, symbols)
            ).one_or_none()
        return None if row is None else _to_record(row)

    def latest(self) -> RunRecord | None:
        """Return what is on record of the universe's latest session; None: none was run."""
        with self._database.begin() as connection:
            row = connection.execute(text(_LATEST)).one_or_none()
        return None if row is None else _to_record(row)

    def begin(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None = None,
        *,
        as_of: datetime,
        settings: Mapping[str, object],
        at: datetime,
        model_id: str | None = None,
    ) -> RunRecord:
        """Mark a run as running; the first run's inputs stay on record and are returned.

        `model_id` is the active model; None: none is.
        """
        document = to_json(settings)
        inputs = {"as_of": as_of, "settings": document, "model_id": model_id, "at": at}
        values = _key(session, symbols) | inputs
        with self._database.begin() as connection:
            return _to_record(connection.execute(text(_BEGIN), values).one())

    def finish(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None = None,
        *,
        summary: Mapping[str, object],
        at: datetime,
    ) -> None:
        """Mark a run as done.

        Raises:
            DataError: no such run was begun.
        """
        outcome = {"error": None, "summary": to_json(summary), "at": at}
        self._end(session, symbols, status=RunStatus.DONE, outcome=outcome)

    def fail(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None = None,
        *,
        error: str,
        at: datetime,
    ) -> None:
        """Mark a run as failed.

        Raises:
            DataError: no such run was begun.
        """
        outcome = {"error": storable(error), "summary": None, "at": at}
        self._end(session, symbols, status=RunStatus.FAILED, outcome=outcome)

    def _end(
        self,
        session: Session,
        symbols: tuple[Symbol, ...] | None,
        *,
        status: RunStatus,
        outcome: Mapping[str, object],
    ) -> None:
        statement = text(
            "UPDATE runs SET status = :status, finished_at = :at, error = :error,"
            f" summary = CAST(:summary AS jsonb) WHERE {_IS_RUN}"
        )
        values = {**_key(session, symbols), "status": status.value, **outcome}
        with self._database.begin() as connection:
            if connection.execute(statement, values).rowcount == 0:
                raise DataError(f"no run of {session} was begun, so none can be {status}")


def _key(session: Session, symbols: tuple[Symbol, ...] | None) -> dict[str, object]:
    # No symbols at all stand for the universe: a key holds no NULL.
    return {"session": session, "symbols": list(symbols or ())}


def _to_record(row: Row[Any]) -> RunRecord:
    return RunRecord(
        session=row.session,
        as_of=row.as_of,
        settings=row.settings,
        symbols=tuple(map(Symbol, row.symbols)) or None,
        status=RunStatus(row.status),
        error=row.error,
        summary=row.summary,
        model_id=row.model_id,
    )
