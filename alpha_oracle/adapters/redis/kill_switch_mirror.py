"""The kill switch's mirror: a key that is there while trading is halted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.instants import utc_text

if TYPE_CHECKING:
    from alpha_oracle.adapters.redis.connection import RedisConnection
    from alpha_oracle.domain.risk import KillSwitchRecord

KEY: Final = "kill_switch:active"


class RedisKillSwitchMirror:
    """`KillSwitchMirror` on Redis."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def says_active(self) -> bool:
        """Return whether anything is there: whatever another program wrote, it halts.

        Raises:
            StoreUnavailable: Redis cannot be read.
        """
        with self._connection.client() as client:
            return bool(client.exists(KEY))

    def show(self, record: KillSwitchRecord) -> None:
        """Say what the record says.

        Raises:
            StoreUnavailable: Redis cannot be reached; it may say either.
        """
        with self._connection.client() as client:
            if record.is_active:
                client.set(KEY, _document(record))
            else:
                client.delete(KEY)


def _document(record: KillSwitchRecord) -> str:
    at = record.activated_at
    return json.dumps({
        "by": record.changed_by,
        "reason": record.reason,
        "activated_at": at and utc_text(at),
    })  # fmt: skip
