"""A connection kept for one purpose, with statements prepared on it once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extras import NamedTupleCursor

from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg2
    from sqlalchemy import PoolProxiedConnection

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.trading_script import Script

# It idles for nights and is then wanted at once; a statement that waits this long waits for ever.
SETTINGS: Final = """
SET idle_session_timeout = 0; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3; SET statement_timeout = '15s'; SET lock_timeout = '5s';
SET plan_cache_mode = force_generic_plan; SET synchronous_commit = on
"""


class PreparedSession:
    """Runs scripts of prepared statements, each one round trip and one durable transaction.

    Safe to share between threads, one script at a time; not across a fork.
    """

    def __init__(self, database: Database, statements: Mapping[str, str]) -> None:
        self._database = database
        self._prepare = "; ".join(f"PREPARE {name} AS {sql}" for name, sql in statements.items())
        self._guard = threading.Lock()
        self._connection: PoolProxiedConnection | None = None

    def run(self, script: Script) -> list[Any]:
        """Run a script; return the rows of its last statement.

        Where its answer is lost it is run once more, on a new connection.
        So a script must refuse to be run twice, and its refusal then means that it is committed;
        or do no more the second time.

        Raises:
            StoreUnavailable: it is not known whether it is committed.
            psycopg2.Error: the database refused it; nothing of it is committed.
        """
        with self._guard:
            try:
                return self._run_once(script)
            except StoreUnavailable:
                self._let_go()
                return self._run_once(script)

    def close(self) -> None:
        """Close the connection; the next script opens another."""
        with self._guard:
            self._let_go()

    def _run_once(self, script: Script) -> list[Any]:
        with self._database.errors_told():
            return _execute(self._opened(), *script)

    def _opened(self) -> PoolProxiedConnection:
        if self._connection is None:
            connection = self._database.engine.raw_connection()
            # Out of the pool: what is prepared and set on it is nobody else's.
            connection.detach()
            try:
                _driver(connection).autocommit = True
                _execute(connection, SETTINGS, None)
                _execute(connection, self._prepare, None)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()


def _execute(
    connection: PoolProxiedConnection, text: str, values: list[object] | None
) -> list[Any]:
    with _driver(connection).cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(text, values)  # type: ignore[no-untyped-call]
        return cursor.fetchall() if cursor.description else []


def _driver(connection: PoolProxiedConnection) -> psycopg2.extensions.connection:
    # Out of the pool, a connection is this alone.
    driver: psycopg2.extensions.connection = connection.dbapi_connection  # type: ignore[assignment]  # Optional in name only.
    return driver
