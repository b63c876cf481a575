"""A connection that stays with its asker, for what is asked at every turn of a loop.

One that the pool gives for each command takes longer to come than the server takes to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hiredis
from redis.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis


def packed(*command: str | int) -> bytes:
    """Return a command, given piece by piece, as it goes over the wire."""
    # Its stub knows of commands of one piece alone.
    as_sent: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]
    return as_sent


class KeptConnection:
    """One connection of a client's pool; not to be shared between threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._connection: Any = None

    def ask(
        self, commands: Sequence[bytes], *, is_text: bool, may_repeat: bool = True
    ) -> list[Any]:
        """Return what is answered, a refusal as the error it is; all of it is one round trip.

        Commands go packed, and answers come as the protocol has them: as RESP 3, or 2 before it.
        Where the connection is lost everything that may be repeated is asked again, as the client's
        retries say.

        Raises:
            RedisError: the server cannot be reached; some of it may be done.
        """
        if self._connection is None:
            self._connection = self._client.connection_pool.get_connection()
        if not may_repeat:
            return self._asked(commands, is_text=is_text)
        told: list[Any] = self._connection.retry.call_with_retry(
            lambda: self._asked(commands, is_text=is_text), lambda _error: None
        )
        return told

    def _asked(self, commands: Sequence[bytes], *, is_text: bool) -> list[Any]:
        try:
            self._connection.send_packed_command([b"".join(commands)])
            return [self._told(is_text=is_text) for _ in commands]
        except BaseException:
            # What is still to come would be taken for the answers to other questions.
            self._connection.disconnect()
            raise

    def _told(self, *, is_text: bool) -> object:
        try:
            told: object = self._connection.read_response(disable_decoding=not is_text)
        except ResponseError as refusal:
            return refusal
        return told
