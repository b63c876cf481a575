"""Things only one process may use at a time, such as a client id at a gateway."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.postgres.session_locks import SessionLock, holder_of, let_go, take
from alpha_oracle.errors import LeaseTaken, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.adapters.postgres.engine import Database

LEASE_LOCKS: Final = 6_103
"""The first half of the advisory lock's key; the second is made from the lease's name."""


class PostgresLeases:
    """`Leases` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def held(self, name: str, *, wait_seconds: float) -> Iterator[None]:
        """Hold the lease for the length of a block; it ends with the process too.

        Where the connection that holds it is cut, the lease is free from then on, and a block
        that ends well nevertheless is told: what it did may have met another holder's work.

        Raises:
            LeaseTaken: someone else held it for all of `wait_seconds`.
            StoreUnavailable: Postgres cannot be reached, or the lease was lost in the block.
        """
        lock = _lock(name)
        connection = take(self._database, lock, wait_seconds=wait_seconds)
        if connection is None:
            raise self._taken(name, wait_seconds)
        was_held = False
        try:
            yield
        finally:
            was_held = let_go(connection)
        if not was_held:
            raise StoreUnavailable(
                f"the lease on {name} was lost, because Postgres at {self._database.name} "
                "cut the connection; another process may have used it meanwhile: repeat the work"
            )

    def _taken(self, name: str, wait_seconds: float) -> LeaseTaken:
        holder = holder_of(self._database, _lock(name)) or "another process"
        return LeaseTaken(
            f"{name} is in use by {holder} (waited {wait_seconds:g} s); "
            "only one may use it at a time: wait for that to end, or stop it, then repeat"
        )


def _lock(name: str) -> SessionLock:
    # Postgres takes half a key up to 2^31.
    return SessionLock(space=LEASE_LOCKS, number=zlib.crc32(name.encode()) >> 1)
