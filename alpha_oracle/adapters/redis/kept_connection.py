"""A connection that stays with its asker, for what is asked at every turn of a loop.

One that the pool gives for each command takes longer to come than the server takes to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from redis.client import NEVER_DECODE
from redis.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis

Command: TypeAlias = tuple[str | int, ...]
"""A command and what it is about, piece by piece."""

_TEXT: Final[Mapping[str, Any]] = {}
_BYTES: Final[Mapping[str, Any]] = {NEVER_DECODE: True}


class KeptConnection:
    """One connection of a client's pool; not to be shared between threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._connection: Any = None

    def ask(self, commands: Sequence[Command], *, is_text: bool) -> list[Any]:
        """Return what is answered, a refusal as the error it is; all of it is one round trip.

        Where the connection is lost everything is asked again, as the client's retries say.

        Raises:
            RedisError: the server cannot be reached; some of it may be done.
        """
        if self._connection is None:
            self._connection = self._client.connection_pool.get_connection()
        options = _TEXT if is_text else _BYTES
        told: list[Any] = self._connection.retry.call_with_retry(
            lambda: self._asked(commands, options), lambda _error: None
        )
        return told

    def _asked(self, commands: Sequence[Command], options: Mapping[str, Any]) -> list[Any]:
        try:
            self._connection.send_packed_command(self._connection.pack_commands(commands))
            return [self._told(command, options) for command in commands]
        except BaseException:
            # What is still to come would be taken for the answers to other questions.
            self._connection.disconnect()
            raise

    def _told(self, command: Command, options: Mapping[str, Any]) -> object:
        try:
            told: object = self._client.parse_response(  # type: ignore[no-untyped-call]
                self._connection, command[0], **options
            )
        except ResponseError as refusal:
            return refusal
        return told
