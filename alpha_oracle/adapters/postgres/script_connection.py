"""A connection of its own that a script is sent on, its answer taken later: meanwhile both work."""

from __future__ import annotations

import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ
from psycopg2.extras import NamedTupleCursor

from alpha_oracle.adapters.postgres.engine import CONNECT_TIMEOUT_SECONDS
from alpha_oracle.adapters.postgres.literals import written

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.adapters.postgres.trading_script import Script

STATEMENT_SECONDS: Final = 15
ANSWER_SECONDS: Final = STATEMENT_SECONDS + 5.0
"""How long an answer is waited for: longer than a server that is there takes to end a statement."""

# It idles for nights and is then wanted at once; a statement that waits this long waits for ever.
SETTINGS: Final = f"""
SET TIME ZONE 'UTC'; SET idle_session_timeout = 0; SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SET statement_timeout = '{STATEMENT_SECONDS}s'; SET lock_timeout = '5s';
SET plan_cache_mode = force_generic_plan; SET synchronous_commit = on
"""


class ScriptConnection:
    """Runs one script at a time, each a transaction of its own. Not for several threads at once.

    Every method that asks the server raises `psycopg2.Error`, of a class that tells a refusal from
    a server out of reach.
    """

    def __init__(self, database: Database, *, prepare: str) -> None:
        self._driver = _connected(database)
        try:
            self._cursor = self._driver.cursor(cursor_factory=NamedTupleCursor)
            for text in (SETTINGS, prepare):
                self.send((text, []))
                self.answer()
        except BaseException:
            self._driver.close()
            raise

    def send(self, script: Script) -> None:
        """Send a script; its answer is to be taken before the next one is sent.

        Raises:
            ValueError: a text in it holds a NUL; nothing is sent.
        """
        text, values = script
        if values:
            text = written(text, values, self._driver)
        self._cursor.execute(text)  # type: ignore[no-untyped-call]

    def is_answered(self) -> bool:
        """Whether the answer is there, or none will come: nothing is waited for then."""
        waiting = select.poll()
        waiting.register(self._driver.fileno(), select.POLLIN)
        return bool(waiting.poll(0))

    def answer(self) -> list[Any]:
        """Wait for the answer to what was sent; return the rows of its last statement."""
        _wait(self._driver, ANSWER_SECONDS)
        return self._cursor.fetchall() if self._cursor.description else []

    def close(self) -> None:
        """Close the connection."""
        self._driver.close()


def _connected(database: Database) -> connection:
    *others, last = database.ways_apart()
    for way in others:
        with suppress(psycopg2.OperationalError):
            return _connected_by(way)
    return _connected_by(last)


def _connected_by(way: dict[str, Any]) -> connection:
    driver: connection = psycopg2.connect(**way, async_=True)
    try:
        _wait(driver, CONNECT_TIMEOUT_SECONDS)
    except BaseException:
        driver.close()
        raise
    return driver


def _wait(driver: connection, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (wanted := driver.poll()) != POLL_OK:
        ready = select.poll()
        ready.register(driver.fileno(), select.POLLIN if wanted == POLL_READ else select.POLLOUT)
        left = until - time.monotonic()
        if left <= 0 or not ready.poll(1e3 * left):
            raise psycopg2.OperationalError(f"no answer within {seconds:g} seconds")
