"""Other installations on the same server: what is published is heard in all of its databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.signals import STREAM

if TYPE_CHECKING:
    from alpha_oracle.adapters.redis.connection import RedisConnection

# A script chooses databases for itself alone: the connection stays where it is.
_WITH_SIGNALS: Final = """
local found = {}
for _, number in ipairs(ARGV) do
    redis.call('SELECT', number)
    if redis.call('EXISTS', KEYS[1]) == 1 then
        table.insert(found, tonumber(number))
    end
end
return found
"""


def databases_with_signals(connection: RedisConnection) -> list[int]:
    """Return the numbers of the server's other databases in which there are signals.

    Raises:
        StoreUnavailable: Redis cannot be reached, or lets no script look.
    """
    with connection.client() as client:
        own = client.get_connection_kwargs()["db"]
        numbers = [int(name.removeprefix("db")) for name in client.info("keyspace")]
        others = [number for number in numbers if number != own]
        found: list[int] = client.eval(_WITH_SIGNALS, 1, STREAM, *others)
    return sorted(found)
