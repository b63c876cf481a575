"""Signals as they come in: the stream by its consumer group, and the channel beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import ResponseError

from alpha_oracle.domain.signals import CHANNEL, STREAM
from alpha_oracle.ports.signal_stream import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import redis
    from redis.client import PubSub

    from alpha_oracle.adapters.redis.connection import RedisConnection

GROUP: Final = "execution"
BATCH: Final = 100
CLAIM_AFTER_MILLISECONDS: Final = 120_000
"""How long another consumer may sit on an entry before it counts as dead."""

_BEGINNING: Final = "0"
_NEW: Final = ">"


class RedisSignalStream:
    """`SignalStream` on Redis, one consumer of the group; not to be shared between threads.

    What this consumer was delivered and never acknowledged comes first; what others left lying is
    claimed. The channel wakes a reader that waits, its documents are those of the stream again.
    """

    def __init__(self, connection: RedisConnection, *, consumer: str) -> None:
        self._connection = connection
        self._consumer = consumer
        self._listener: PubSub | None = None
        self._after = _BEGINNING

    def read(self, *, wait_seconds: float) -> list[Delivery]:
        """Return what came in, waiting at most so long for the first of it.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        with self._connection.client() as client:
            listener = self._listening(client)
            found = [*self._entries(client), *_heard(listener, wait_seconds=0.0)]
            if found or not wait_seconds:
                return found
            # Who announces a signal tells the channel too: it is what wakes us.
            return [*_heard(listener, wait_seconds=wait_seconds), *self._entries(client)]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Have the stream deliver these no more.

        Raises:
            StoreUnavailable: Redis cannot be reached; they may come again.
        """
        entries = [one.entry_id for one in deliveries if one.entry_id is not None]
        if entries:
            with self._connection.client() as client:
                client.xack(STREAM, GROUP, *entries)

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _listening(self, client: redis.Redis) -> PubSub:
        if self._listener is None:
            listener: PubSub = client.pubsub(  # type: ignore[no-untyped-call]
                ignore_subscribe_messages=True
            )
            listener.subscribe(CHANNEL)
            self._listener = listener
        return self._listener

    def _entries(self, client: redis.Redis) -> list[Delivery]:
        try:
            return self._read_group(client)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            # A stream never written to, or a Redis that lost its data: what is there is all new.
            _create_group(client)
            self._after = _BEGINNING
            return self._read_group(client)

    def _read_group(self, client: redis.Redis) -> list[Delivery]:
        found: list[Delivery] = []
        while self._after != _NEW:
            own = self._next(client, after=self._after)
            found += _deliveries(own)
            self._after = own[-1][0] if own else _NEW
        claimed: Any = client.xautoclaim(
            STREAM, GROUP, self._consumer, min_idle_time=CLAIM_AFTER_MILLISECONDS, count=BATCH
        )
        found += _deliveries(claimed[1])
        return found + _deliveries(self._next(client, after=_NEW))

    def _next(self, client: redis.Redis, *, after: str) -> list[Any]:
        answer: Any = client.xreadgroup(GROUP, self._consumer, {STREAM: after}, count=BATCH)
        return [entry for _stream, entries in answer for entry in entries]


def _create_group(client: redis.Redis) -> None:
    try:
        client.xgroup_create(STREAM, GROUP, id=_BEGINNING, mkstream=True)
    except ResponseError as error:
        # Another consumer was quicker.
        if not str(error).startswith("BUSYGROUP"):
            raise


def _deliveries(entries: Iterable[Any]) -> list[Delivery]:
    # An entry deleted from the stream is still delivered, without fields.
    return [
        Delivery(document=_document(fields), source=STREAM, entry_id=entry_id)
        for entry_id, fields in entries
        if entry_id is not None
    ]


def _document(fields: dict[str, str] | None) -> str:
    if fields is not None and "data" in fields:
        return fields["data"]
    # No document of ours: what is there instead is told, and is no JSON.
    return f"an entry without data: {fields!r}"


def _heard(listener: PubSub, *, wait_seconds: float) -> list[Delivery]:
    found: list[Delivery] = []
    wait = wait_seconds
    while len(found) < BATCH:
        message: Any = listener.get_message(timeout=wait)
        if message is None:
            if not wait:
                break
        elif message["type"] == "message":
            found.append(Delivery(document=message["data"], source=CHANNEL))
        wait = 0.0
    return found
