"""A connection kept for one purpose, with statements prepared on it once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import psycopg2
from psycopg2.extras import NamedTupleCursor

from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import PoolProxiedConnection

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.trading_script import Script

# It idles for nights and is then wanted at once; a statement that waits this long waits for ever.
SETTINGS: Final = """
SET idle_session_timeout = 0; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3; SET statement_timeout = '15s'; SET lock_timeout = '5s';
SET plan_cache_mode = force_generic_plan; SET synchronous_commit = on
"""

# The log is written in order: what a durable commit follows is as durable as that.
_NOT_AWAITED: Final = "SET LOCAL synchronous_commit = off"
WRITE_ANYHOW: Final = "SELECT pg_logical_emit_message(true, 'alpha-oracle', '')"
"""Writes the least there is to the log, which a commit then waits for: a message nobody reads."""

_REFUSALS: Final = (psycopg2.Error, ValueError)
"""By the database; by the driver, of a text with a NUL."""

_NOTHING: Final[Script] = ("SELECT", [])


class PreparedSession:
    """Runs scripts of prepared statements, each one round trip and one transaction.

    Safe to share between threads, one script at a time; not across a fork.
    """

    def __init__(self, database: Database, statements: Mapping[str, str]) -> None:
        self._database = database
        self._prepare = "; ".join(f"PREPARE {name} AS {sql}" for name, sql in statements.items())
        self._guard = threading.Lock()
        self._connection: PoolProxiedConnection | None = None
        self._carried: list[Script] = []
        self.refused_carried = False
        self._is_unsettled = self._is_lost = self._is_together = False

    def run(self, script: Script) -> list[Any]:
        """Run a script that writes something, durably; return the rows of its last statement.

        Where its answer is lost it is run once more, on a new connection, unless something before
        it is not settled, which it may build on and which may be lost with the old one.
        So a script must refuse to be run twice, and its refusal then means that it is committed;
        or do no more the second time.

        Raises:
            StoreUnavailable: it is not known whether it is committed.
            psycopg2.Error: the database refused it; nothing of it is committed.
        """
        with self._guard:
            return self._settling(script)

    def run_unsettled(self, script: Script) -> list[Any]:
        """Run a script likewise, but for that it is durable only once it is settled.

        Raises:
            StoreUnavailable: it is not known whether it is committed.
            psycopg2.Error: the database refused it; nothing of it is committed.
        """
        statements, values = script
        with self._guard:
            try:
                rows = self._run((f"{_NOT_AWAITED}; {statements}", values))
            except psycopg2.Error:
                # It may be refused for being there, since a first time whose answer was lost.
                self._is_unsettled = True
                raise
            self._is_unsettled = True
        return rows

    def carry(self, script: Script) -> None:
        """Let a script run in front of the next one, in its transaction.

        It must do no more when it is run again. Where the database refuses one, all are dropped and
        told as what may be lost, by the next script and when all is to be settled;
        `refused_carried` then says why.
        """
        with self._guard:
            self._carried.append(script)

    def unload(self) -> None:
        """Run what is carried, unsettled.

        Raises:
            StoreUnavailable: it is not known to be there.
        """
        if self._carried:
            self.run_unsettled(_NOTHING)

    def run_in_turn(self, script: Script) -> list[Any]:
        """Run a script unsettled where it is one of several run together, else durably."""
        return self.run_unsettled(script) if self._is_together else self.run(script)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let the scripts that a block runs in turn be durable at its end, all at once.

        Raises:
            StoreUnavailable: it is not known that they are.
        """
        self._is_together = True
        try:
            yield
        finally:
            self._is_together = False
        if self._is_unsettled:
            self.harden()

    def settle(self) -> None:
        """Let all that was run be durable, where no later script has made it so.

        Raises:
            StoreUnavailable: what was run since the last time may be lost, told once.
        """
        with self._guard:
            try:
                if self._carried or (self._is_unsettled and not self._is_lost):
                    self._settling((WRITE_ANYHOW, []))
                if self._is_lost:
                    raise StoreUnavailable("Postgres was away before it had kept what came in last")
            finally:
                self._is_lost = False

    def harden(self) -> None:
        """Let whatever anybody committed before be durable, and so what is read from now on.

        Raises:
            StoreUnavailable: it is not known to be.
        """
        self.run((WRITE_ANYHOW, []))

    def close(self) -> None:
        """Close the connection; the next script opens another."""
        with self._guard:
            self._let_go()

    def _settling(self, script: Script) -> list[Any]:
        rows = self._run(script)
        self._is_unsettled = False
        return rows

    def _run(self, script: Script) -> list[Any]:
        if not self._carried:
            return self._run_by_itself(script)
        try:
            rows = self._run_by_itself(_joined([*self._carried, script]))
        except _REFUSALS:
            self._run_carried()
            return self._run_by_itself(script)
        self._carried.clear()
        return rows

    def _run_carried(self) -> None:
        try:
            self._run_by_itself(_joined([(_NOT_AWAITED, []), *self._carried]))
        except _REFUSALS as error:
            self._carried.clear()
            self._is_lost = self.refused_carried = True
            refusal = str(error).partition("\n")[0]
            raise StoreUnavailable(f"Postgres refused what came in last: {refusal}") from None
        self._carried.clear()
        self._is_unsettled = True

    def _run_by_itself(self, script: Script) -> list[Any]:
        try:
            return self._run_once(script)
        except StoreUnavailable:
            is_built_upon = self._is_unsettled
            self._let_go()
            if is_built_upon:
                raise
            return self._run_once(script)

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
        self._is_lost, self._is_unsettled = self._is_lost or self._is_unsettled, False
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()


def _joined(scripts: Sequence[Script]) -> Script:
    statements, values = zip(*scripts, strict=True)
    return "; ".join(statements), [value for given in values for value in given]


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
