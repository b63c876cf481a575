"""A connection kept for one purpose, with statements prepared on it once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import psycopg2

from alpha_oracle.adapters.postgres.engine import told_error
from alpha_oracle.adapters.postgres.script_connection import ScriptConnection
from alpha_oracle.errors import ConfigurationError, RecordUnwritable, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.trading_script import Script

Answer = TypeVar("Answer")

# The log is written in order: what a durable commit follows is as durable as that.
_NOT_AWAITED: Final[Script] = ("SET LOCAL synchronous_commit = off", [])
WRITE_ANYHOW: Final = "SELECT pg_logical_emit_message(true, 'alpha-oracle', '')"
"""Writes the least there is to the log, which a commit then waits for: a message nobody reads."""

_REFUSALS: Final = (psycopg2.Error, ValueError)
"""By the database; by the driver, of a text with a NUL."""


@dataclass(frozen=True, slots=True)
class _Given:
    script: Script
    carried: list[Script]
    refused: Callable[[Exception], None]


class PreparedSession:
    """Runs scripts of prepared statements, each one round trip and one transaction.

    Where the answer to one is lost it is run once more, on a new connection, unless something
    before it is not settled, which it may build on and which may be lost with the old one. So a
    script must refuse to be run twice, and its refusal then means that it is committed; or do no
    more the second time.

    Safe to share between threads, one script at a time; not across a fork. What the server's state
    lets nobody write raises `RecordUnwritable`.
    """

    def __init__(self, database: Database, statements: Mapping[str, str]) -> None:
        self._database = database
        self._prepare = "; ".join(f"PREPARE {name} AS {sql}" for name, sql in statements.items())
        self._guard = threading.RLock()
        self._connection: ScriptConnection | None = None
        self._given: _Given | None = None
        self._carried: list[Script] = []
        self.refused_carried = False
        self._is_unsettled = self._is_lost = False

    def run(self, script: Script) -> list[Any]:
        """Run a script that writes something, durably; return the rows of its last statement.

        Raises:
            StoreUnavailable: it is not known whether it is committed.
            psycopg2.Error: the database refused it; nothing of it is committed.
        """
        with self._guard:
            self.collect()
            rows = self._run(script)
            self._is_unsettled = False
        return rows

    def run_unsettled(self, script: Script) -> list[Any]:
        """Run a script likewise, but for that it is durable only once it is settled.

        Raises:
            StoreUnavailable: it is not known whether it is committed.
            psycopg2.Error: the database refused it; nothing of it is committed.
        """
        with self._guard:
            self.collect()
            try:
                rows = self._run(joined([_NOT_AWAITED, script]))
            except psycopg2.Error:
                # It may be refused for being there, since a first time whose answer was lost.
                self._is_unsettled = True
                raise
            self._is_unsettled = True
        return rows

    def give(self, script: Script, *, refused: Callable[[Exception], None]) -> None:
        """Run a script unsettled, and go on before its answer is here.

        The answer is taken before the next script is run; `refused` is told of a refusal then.

        Raises:
            StoreUnavailable: it is not known to be there, nor is what was not settled before.
        """
        with self._guard:
            self.collect()
            carried, self._carried = self._carried, []
            script = joined([_NOT_AWAITED, *carried, script])
            try:
                self._send(script)
            except StoreUnavailable:
                self._is_lost = True
                raise
            except _REFUSALS as error:
                self._run_carried(carried)
                refused(error)
                return
            self._given = _Given(script, carried, refused)

    def carry(self, script: Script) -> None:
        """Let a script run in front of the next one, in its transaction.

        It must do no more when it is run again. Where the database refuses one, all are dropped and
        told as what may be lost, by the next script and when all is to be settled;
        `refused_carried` then says why.
        """
        with self._guard:
            self._carried.append(script)

    def is_busy(self) -> bool:
        """Whether the answer to what was given is still to come."""
        with self._guard:
            return self._given is not None and not self._opened().is_answered()

    def collect(self) -> None:
        """Wait for the answer to what was given.

        Raises:
            StoreUnavailable: it is not known to be there, nor is what was not settled before.
        """
        with self._guard:
            given, self._given = self._given, None
            if given is None:
                return
            try:
                self._answer_to(given.script)
            except StoreUnavailable:
                self._is_lost = True
                raise
            except _REFUSALS as error:
                self._is_unsettled = True
                self._run_carried(given.carried)
                given.refused(error)
            self._is_unsettled = True

    def unload(self) -> None:
        """Let all that was given or is carried be there, unsettled.

        Raises:
            StoreUnavailable: it is not known to be.
        """
        with self._guard:
            self.collect()
            carried, self._carried = self._carried, []
            self._run_carried(carried)

    def settle(self) -> None:
        """Let all that was run be durable, where no later script has made it so.

        Raises:
            StoreUnavailable: what was run since the last time may be lost, told once.
        """
        with self._guard:
            try:
                self.collect()
                if (self._carried or self._is_unsettled) and not self._is_lost:
                    self.harden()
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
            self._given = None
            self._let_go()

    def _run(self, script: Script) -> list[Any]:
        carried, self._carried = self._carried, []
        if not carried:
            return self._run_by_itself(script)
        try:
            return self._run_by_itself(joined([*carried, script]))
        except StoreUnavailable:
            self._is_lost = True
            raise
        except _REFUSALS:
            self._run_carried(carried)
            return self._run_by_itself(script)

    def _run_carried(self, carried: list[Script]) -> None:
        if not carried:
            return
        try:
            self._run_by_itself(joined([_NOT_AWAITED, *carried]))
        except StoreUnavailable:
            self._is_lost = True
            raise
        except _REFUSALS as error:
            self._is_lost = self.refused_carried = True
            refusal = str(error).partition("\n")[0]
            raise StoreUnavailable(f"Postgres refused what came in last: {refusal}") from None
        self._is_unsettled = True

    def _run_by_itself(self, script: Script) -> list[Any]:
        self._send(script)
        return self._answer_to(script)

    def _send(self, script: Script) -> None:
        try:
            self._asked(lambda connection: connection.send(script))
        except StoreUnavailable:
            if self._let_go():
                raise
            self._asked(lambda connection: connection.send(script))

    def _answer_to(self, script: Script) -> list[Any]:
        try:
            return self._asked(ScriptConnection.answer)
        except StoreUnavailable:
            if self._let_go():
                raise
            self._asked(lambda connection: connection.send(script))
            return self._asked(ScriptConnection.answer)

    def _asked(self, ask: Callable[[ScriptConnection], Answer]) -> Answer:
        try:
            return ask(self._opened())
        except psycopg2.Error as error:
            told = told_error(error, where=self._database.name)
            if told is None:
                raise
            # Where nothing can be prepared, nothing was set up yet.
            if isinstance(told, ConfigurationError) and self._connection is not None:
                told = unwritable(str(told))
            raise told from None

    def _opened(self) -> ScriptConnection:
        if self._connection is None:
            self._connection = ScriptConnection(self._database, prepare=self._prepare)
        return self._connection

    def _let_go(self) -> bool:
        # Whether something may be lost with the connection.
        was_unsettled, self._is_unsettled = self._is_unsettled, False
        self._is_lost = self._is_lost or was_unsettled
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()
        return was_unsettled


def unwritable(reason: str) -> RecordUnwritable:
    """Return what a worker is told whose changes nobody keeps."""
    return RecordUnwritable(f"Postgres does not keep what must be on record: {reason}")


def joined(scripts: Sequence[Script]) -> Script:
    """Return scripts as one: they stand or fall together."""
    texts, values = zip(*scripts, strict=True)
    return "; ".join(texts), [value for given in values for value in given]
