"""The channels on which events are announced, each once; signals also on a stream."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.signals import CHANNEL as SIGNALS
from alpha_oracle.domain.signals import STREAM

if TYPE_CHECKING:
    from alpha_oracle.adapters.redis.connection import RedisConnection

# Far longer than a relay that failed to mark a row may take to repeat it.
MEMORY: Final = timedelta(days=30)
SHORT_MEMORY: Final = timedelta(days=2)
"""Of what goes on no stream: who listens later hears nothing of it anyway."""

# One script is one step: a crash leaves all of it or nothing, and of two relays one announces.
# A command that is refused undoes none before it: an id is remembered once it is on the stream.
ANNOUNCE: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
if KEYS[3] then
    redis.call('XADD', KEYS[3], '*', 'data', ARGV[1])
end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1
"""


class RedisEventBus:
    """Announces events to those listening now, and signals to those who read later."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def announce(self, document: str, *, channel: str, message_id: str) -> bool:
        """Publish on a channel; a signal also goes on the stream, both or neither.

        Return False where this id was announced before, be it by this very call's first try that
        lost its answer: nothing is repeated.

        Raises:
            StoreUnavailable: not known to be announced; repeat it.
        """
        is_signal = channel == SIGNALS
        keys = [f"{channel}:announced:{message_id}", channel, *([STREAM] if is_signal else [])]
        memory = int((MEMORY if is_signal else SHORT_MEMORY).total_seconds())
        with self._connection.client() as client:
            script = client.register_script(ANNOUNCE)
            announced: int = script(keys=keys, args=(document, memory))
        return announced == 1
