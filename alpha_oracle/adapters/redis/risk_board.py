"""The risk board in Redis: one JSON document an account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.adapters.redis.connection import RedisConnection

PREFIX: Final = "risk:status:"


class RedisRiskBoard:
    """`RiskBoard` on Redis."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def publish(self, account: str, document: Mapping[str, Any]) -> None:
        """Let these be an account's newest measurements.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        with self._connection.client() as client:
            client.set(f"{PREFIX}{account}", json.dumps(document, allow_nan=False))

    def read(self, account: str) -> dict[str, Any] | None:
        """Return an account's newest measurements; None: there are none, or none to be read.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        with self._connection.client() as client:
            # What is no string is somebody else's, and answered like what is no JSON.
            told: Any = client.get(f"{PREFIX}{account}")
        try:
            document = json.loads(told or "null")
        except ValueError:
            return None
        return document if isinstance(document, dict) else None
