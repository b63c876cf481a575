"""What a Redis server keeps, and what it drops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redis.exceptions import ResponseError

if TYPE_CHECKING:
    from alpha_oracle.adapters.redis.connection import RedisConnection

KEYS: Final = ("maxmemory-policy", "appendonly", "save")


@dataclass(frozen=True, slots=True, kw_only=True)
class Durability:
    """Its eviction policy; whether it appends every change to a file, or saves now and then."""

    eviction: str
    appends: bool
    snapshots: bool


def durability(connection: RedisConnection) -> Durability | None:
    """Ask the server; None: it does not tell, as hosted ones do not.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    with connection.client() as client:
        try:
            eviction, appends, saves = (client.config_get(key)[key] for key in KEYS)
        except (ResponseError, KeyError):
            return None
    return Durability(
        eviction=eviction or "", appends=appends == "yes", snapshots=bool((saves or "").strip())
    )
