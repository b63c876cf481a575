"""Symbols already stored for a session, as a Redis set that forgets them after 25 hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from alpha_oracle.domain.market import Symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.adapters.redis.connection import RedisConnection
    from alpha_oracle.domain.market import Session

TIME_TO_LIVE: Final = timedelta(hours=25)


class RedisDoneSet:
    """A quick memory in front of the bar store, which stays the truth."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def done(self, session: Session) -> frozenset[Symbol]:
        """Return the symbols marked for the session; empty where the memory is gone.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        with self._connection.client() as client:
            members = cast("set[str]", client.smembers(_key(session)))
        return frozenset(Symbol(member) for member in members)

    def mark(self, session: Session, symbols: Sequence[Symbol]) -> None:
        """Remember symbols as stored, for 25 hours from now.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        if not symbols:
            return
        with self._connection.client() as client, client.pipeline(transaction=True) as pipeline:
            pipeline.sadd(_key(session), *symbols)
            pipeline.expire(_key(session), TIME_TO_LIVE)
            pipeline.execute()


def _key(session: Session) -> str:
    return f"jobs:daily_bars:{session.isoformat()}:done"
