"""When somebody with a token last asked the API for something, where others can see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.instants import utc_text

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.adapters.redis.connection import RedisConnection

KEY: Final = "heartbeat:operator"


class RedisOperatorPresence:
    """The time of the last authenticated activity; no dead man switch counts by it."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def note(self, at: datetime) -> None:
        """Let this be the last activity.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        with self._connection.client() as client:
            client.set(KEY, utc_text(at))
