"""The channel and the stream on which signals are announced, each signal once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alpha_oracle.adapters.redis.connection import RedisConnection

CHANNEL: Final = "signals"
STREAM: Final = "signals:stream"
ANNOUNCED: Final = "signals:announced:"

# Far longer than a relay that failed to mark a row may take to repeat it.
MEMORY: Final = timedelta(days=30)

# One script is one step: a crash leaves all of it or nothing, and of two relays one announces.
# A command that is refused undoes none before it: an id is remembered once it is on the stream.
ANNOUNCE: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('XADD', KEYS[2], '*', 'data', ARGV[1])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[3], ARGV[1])
return 1
"""


class RedisSignalBus:
    """Announces signals for those listening now and for those who read later."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def announce(self, document: str, *, signal_id: str) -> bool:
        """Add to the stream and publish on the channel, both or neither.

        Return False where this id was announced before, be it by this very call's first try that
        lost its answer: nothing is repeated.

        Raises:
            StoreUnavailable: not known to be announced; repeat it.
        """
        keys = (f"{ANNOUNCED}{signal_id}", STREAM, CHANNEL)
        with self._connection.client() as client:
            script = client.register_script(ANNOUNCE)
            announced: int = script(keys=keys, args=(document, int(MEMORY.total_seconds())))
        return announced == 1
