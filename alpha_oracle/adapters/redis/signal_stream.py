"""Signals as they come in: the stream by its consumer group, and the channel beside it."""

from __future__ import annotations

import selectors
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import RedisError, ResponseError

from alpha_oracle.adapters.redis.kept_connection import packed
from alpha_oracle.adapters.redis.stream_question import StreamQuestion, entries_of, socket_of
from alpha_oracle.domain.signals import CHANNEL, STREAM
from alpha_oracle.errors import AlphaOracleError
from alpha_oracle.ports.signal_stream import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import redis
    from redis.client import PubSub

    from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.stream_question import Entry

GROUP: Final = "execution"
BATCH: Final = 100
CLAIM_AFTER_MILLISECONDS: Final = 120_000
"""How long another consumer may sit on an entry before it counts as dead."""

CLAIM_EVERY_SECONDS: Final = 1.0

_BEGINNING: Final = "0"
_NEW: Final = ">"
_GROUP_IS_GONE: Final = ("NOGROUP", "UNBLOCKED")


class RedisSignalStream:
    """`SignalStream` on Redis, one consumer of the group; not to be shared between threads.

    What this consumer was delivered and never acknowledged comes first, a batch a reading; what
    others left lying is claimed. The channel is heard once the stream has nothing more: most often
    it says what the stream said. Who waits hears the stream and the channel at once, each over a
    connection of its own: a bare XADD wakes it, and so does a bare PUBLISH. A failure drops both,
    and what was delivered and not acknowledged comes again.
    """

    def __init__(self, connection: RedisConnection, *, consumer: str) -> None:
        self._connection = connection
        self._consumer = consumer
        self._ask_for = ("XREADGROUP", "GROUP", GROUP, consumer, "COUNT", BATCH, "STREAMS", STREAM)
        self._ask_for_new = packed(*self._ask_for, _NEW)
        self._question = StreamQuestion(GROUP, consumer, stream=STREAM, count=BATCH)
        self._listener: PubSub | None = None
        self._after = _BEGINNING
        self._claims_at = 0.0

    def read(self, *, wait_seconds: float) -> list[Delivery]:
        """Return what came in, waiting at most so long for the first of it.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        until = time.monotonic() + wait_seconds
        with self._reached() as client:
            listener = self._listening(client)
            while not (found := self._entries(client) or _heard(listener)):
                if (left := until - time.monotonic()) <= 0:
                    break
                self._wait(client, listener, seconds=left)
        return found

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Have the stream deliver these no more.

        Raises:
            StoreUnavailable: Redis cannot be reached; they come again.
        """
        entries = [one.entry_id for one in deliveries if one.entry_id is not None]
        if entries:
            with self._reached():
                self._connection.answer("XACK", STREAM, GROUP, *entries)

    def close(self) -> None:
        """Stop listening; a later reading begins with what was not acknowledged."""
        self._after, self._claims_at = _BEGINNING, 0.0
        self._question.close()
        if self._listener is not None:
            with suppress(RedisError):
                self._listener.close()
            self._listener = None

    @contextmanager
    def _reached(self) -> Iterator[redis.Redis]:
        try:
            with self._connection.client() as client:
                yield client
        except AlphaOracleError:
            self.close()
            raise

    def _listening(self, client: redis.Redis) -> PubSub:
        if self._listener is None:
            self._listener = client.pubsub(  # type: ignore[no-untyped-call]
                ignore_subscribe_messages=True
            )
            self._listener.subscribe(CHANNEL)
        return self._listener

    def _wait(self, client: redis.Redis, listener: PubSub, *, seconds: float) -> None:
        patience = self._connection.patience_seconds
        asked = self._question.ask(client, patience_seconds=patience)
        with selectors.DefaultSelector() as selector:
            selector.register(asked, selectors.EVENT_READ)
            selector.register(socket_of(listener.connection), selectors.EVENT_READ)
            selector.select(seconds)

    def _entries(self, client: redis.Redis) -> list[Delivery]:
        try:
            return self._delivered(client)
        except ResponseError as error:
            if not str(error).startswith(_GROUP_IS_GONE):
                raise
            # A stream never written to, or a Redis that lost its data: what is there is all new.
            _create_group(client)
            self._question.close()
            self._after = _NEW
            return self._new(client)

    def _delivered(self, client: redis.Redis) -> list[Delivery]:
        own: list[Entry] = []
        if self._after != _NEW:
            own = self._next(after=self._after)
            self._after = (len(own) == BATCH and own[-1][0]) or _NEW
        if self._after != _NEW:
            return _deliveries(own)
        return [*_deliveries(own), *self._claimed(client), *self._new(client)]

    def _claimed(self, client: redis.Redis) -> list[Delivery]:
        # What is new is not kept waiting for what nobody may have left.
        if time.monotonic() < self._claims_at or self._question.is_answered():
            return []
        self._claims_at = time.monotonic() + CLAIM_EVERY_SECONDS
        claimed: Any = client.xautoclaim(
            STREAM, GROUP, self._consumer, min_idle_time=CLAIM_AFTER_MILLISECONDS, count=BATCH
        )
        return _deliveries(claimed[1])

    def _new(self, client: redis.Redis) -> list[Delivery]:
        if not self._question.is_open:
            return _deliveries(self._next(after=_NEW))
        # Whatever was answered before a ping is, is here then.
        if self._question.is_answered() or (client.ping() and self._question.is_answered()):
            return _deliveries(self._question.answer())
        return []

    def _next(self, *, after: str) -> list[Entry]:
        asked = self._ask_for_new if after == _NEW else packed(*self._ask_for, after)
        # Answered and not heard it is ours, and new no more: asked again it would not come.
        (told,) = self._connection.ask(asked, may_repeat=False)
        if isinstance(told, ResponseError):
            raise told
        return entries_of(told)


def _create_group(client: redis.Redis) -> None:
    try:
        client.xgroup_create(STREAM, GROUP, id=_BEGINNING, mkstream=True)
    except ResponseError as error:
        # Another consumer was quicker.
        if not str(error).startswith("BUSYGROUP"):
            raise


def _deliveries(entries: Iterable[Entry]) -> list[Delivery]:
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


def _heard(listener: PubSub) -> list[Delivery]:
    found: list[Delivery] = []
    while len(found) < BATCH:
        message: Any = listener.get_message(timeout=0.0)
        if message is None:
            break
        if message["type"] == "message":
            found.append(Delivery(document=message["data"], source=CHANNEL))
    return found
