"""A question to a stream that is answered when there is something, while its asker does else."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    import redis

BLOCK_MILLISECONDS: Final = 10_000
"""How long one question stands: an empty answer by then shows that its connection lives."""

Entry: TypeAlias = tuple[str | None, dict[str, str] | None]
"""An id and the fields under it; what was deleted has neither, or no fields."""


class StreamQuestion:
    """Asks for new entries of a group on a connection of its own; one question at a time."""

    def __init__(self, group: str, consumer: str, *, stream: str, count: int) -> None:
        self._command = (
            *("XREADGROUP", "GROUP", group, consumer, "COUNT", count),
            *("BLOCK", BLOCK_MILLISECONDS, "STREAMS", stream, ">"),
        )
        self._pool: redis.ConnectionPool | None = None
        self._connection: Any = None
        self._answer_by: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether an answer is to come."""
        return self._answer_by is not None

    def ask(self, client: redis.Redis, *, patience_seconds: float) -> socket.socket:
        """Ask, where no answer is to come already; return what can be waited on.

        Raises:
            RedisError: the server cannot be reached.
        """
        if self._connection is None:
            self._connection = client.connection_pool.get_connection()
            self._pool = client.connection_pool
        if self._answer_by is None:
            self._connection.send_command(*self._command)
            stands = BLOCK_MILLISECONDS / 1e3 + patience_seconds
            self._answer_by = time.monotonic() + stands
        return socket_of(self._connection)

    def is_answered(self) -> bool:
        """Whether the answer is here.

        Raises:
            RedisError: the connection is lost, or the answer is overdue.
        """
        if self._answer_by is None:
            return False
        if self._connection.can_read():
            return True
        if time.monotonic() > self._answer_by:
            raise NoAnswer("a question to the stream was never answered")
        return False

    def answer(self) -> list[Entry]:
        """Return the entries that were answered, with their ids; waits for them.

        Raises:
            ResponseError: the group or the stream is gone.
            RedisError: the connection is lost.
        """
        try:
            told = self._connection.read_response()
        except ResponseError:
            self._answer_by = None
            raise
        self._answer_by = None
        return entries_of(told)

    def close(self) -> None:
        """Take the question back; what was answered unread is delivered and not acknowledged."""
        if self._pool is not None:
            with suppress(RedisError):
                self._connection.disconnect()
            self._pool.release(self._connection)
        self._pool = self._connection = self._answer_by = None


def entries_of(answer: Any) -> list[Entry]:  # noqa: ANN401 - whatever the server said.
    """Return the entries in an answer about one stream, which names it in a map or in a list."""
    streams = answer.items() if isinstance(answer, dict) else answer or ()
    return [_entry(told) for _stream, entries in streams for told in entries]


def _entry(told: Sequence[Any] | None) -> Entry:
    if told is None:
        return None, None
    entry_id, fields = told
    return entry_id, None if fields is None else dict(zip(fields[::2], fields[1::2], strict=True))


def socket_of(connection: Any) -> socket.socket:  # noqa: ANN401 - one of several classes.
    """Return a connection's socket: the library has no other handle that can be waited on."""
    found: socket.socket = connection._sock  # noqa: SLF001
    return found
