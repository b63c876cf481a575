"""The channels on which events are announced, each once; signals also on a stream."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.signals import CHANNEL as SIGNALS
from alpha_oracle.domain.signals import STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.adapters.redis.connection import RedisConnection
    from alpha_oracle.ports.events import Announcement

# Far longer than a relay that failed to mark a row may take to repeat it.
MEMORY: Final = timedelta(days=30)
SHORT_MEMORY: Final = timedelta(days=2)
"""Of what goes on no stream: who listens later hears nothing of it anyway."""

# One script is one step: a crash leaves all of it or nothing, and of two relays one announces.
# A command that is refused undoes none before it: an id is remembered once it is on the stream.
_ANNOUNCE: Final = """
local function announce(place)
    local channel, document, memory, stream = unpack(ARGV, 4 * place - 3, 4 * place)
    if redis.call('EXISTS', KEYS[place]) == 1 then
        return
    end
    if stream ~= '' then
        redis.call('XADD', stream, '*', 'data', document)
    end
    redis.call('SET', KEYS[place], '1', 'EX', memory)
    redis.call('PUBLISH', channel, document)
end
for place = 1, #KEYS do
    local done, refusal = pcall(announce, place)
    if not done then
        return {place - 1, tostring(refusal)}
    end
end
return {#KEYS, ''}
"""


class RedisEventBus:
    """Announces events to those listening now, and signals to those who read later."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def announce(self, announcements: Sequence[Announcement]) -> int:
        """Publish each on its channel, in order, in one round trip; none of them twice.

        A signal also goes on the stream, both or neither. What was announced before, be it by this
        very call's first try that lost its answer, is not repeated. Return how many, from the first
        on, are announced now or were before; the one behind them is refused.

        Raises:
            StoreUnavailable: the first is refused, or nothing is known; repeat them.
        """
        keys = [f"{one.channel}:announced:{one.message_id}" for one in announcements]
        values = [value for one in announcements for value in _values(one)]
        count, refusal = self._connection.answer("EVAL", _ANNOUNCE, len(keys), *keys, *values)
        if not count and refusal:
            raise self._connection.failure(refusal)
        announced: int = count
        return announced


def _values(one: Announcement) -> tuple[str, str, int, str]:
    is_signal = one.channel == SIGNALS
    memory = MEMORY if is_signal else SHORT_MEMORY
    stream = STREAM if is_signal else ""
    return one.channel, one.document, int(memory.total_seconds()), stream
