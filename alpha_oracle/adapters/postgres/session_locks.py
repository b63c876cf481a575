"""Locks held as long as a connection of their own lives, and so no longer than the process."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.engine import Database

POLL_SECONDS: Final = 0.2

# Each lock's session says whose it is. It may idle for hours: nothing on the way, nor the server,
# is to cut it; a holder whose machine is gone is noticed within a minute.
_PREPARE: Final = """
SELECT set_config('application_name', :holder, false),
       set_config('idle_session_timeout', '0', false),
       set_config('tcp_keepalives_idle', '30', false),
       set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false)
"""
_HOLDER: Final = """
SELECT holder.application_name
FROM pg_locks JOIN pg_stat_activity AS holder USING (pid)
WHERE pg_locks.locktype = 'advisory' AND pg_locks.granted AND pg_locks.objsubid = 2
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pg_locks.classid::bigint = :space AND pg_locks.objid::bigint = :number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLock:
    """One of the locks of a kind: `space` is the kind, `number` (below 2^31) which one."""

    space: int
    number: int


def take(database: Database, lock: SessionLock, *, wait_seconds: float = 0.0) -> Connection | None:
    """Take a lock and return the connection that holds it; None where it stays taken that long.

    Raises:
        StoreUnavailable: Postgres cannot be reached.
    """
    with database.errors_told():
        # A connection of its own, taken out of the pool: closing it frees the lock whatever
        # happened on it, and the server frees it where this process is killed.
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        try:
            taken = _taken(connection, lock, until=time.monotonic() + wait_seconds)
        except BaseException:
            connection.close()
            raise
    if taken:
        return connection
    connection.close()
    return None


def let_go(connection: Connection) -> bool:
    """Free the lock; return whether it was held to the end."""
    try:
        # Closing alone would free it too, but some time after we have gone on.
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
    except DBAPIError:
        return False
    finally:
        connection.close()
    return True


def holder_of(database: Database, lock: SessionLock) -> str | None:
    """Return who holds a lock, as `alpha-oracle, process 123 on host`; None where nobody does."""
    values = {"space": lock.space, "number": lock.number}
    with database.at_once() as connection:
        holder: str | None = connection.execute(text(_HOLDER), values).scalar()
    return holder


def _taken(connection: Connection, lock: SessionLock, *, until: float) -> bool:
    holder = f"alpha-oracle, process {os.getpid()} on {os.uname().nodename}"
    connection.execute(text(_PREPARE), {"holder": holder})
    while not _try(connection, lock):
        left = until - time.monotonic()
        if left <= 0.0:
            return False
        time.sleep(min(left, POLL_SECONDS))
    return True


def _try(connection: Connection, lock: SessionLock) -> bool:
    statement = text("SELECT pg_try_advisory_lock(:space, :number)")
    values = {"space": lock.space, "number": lock.number}
    return bool(connection.execute(statement, values).scalar_one())
