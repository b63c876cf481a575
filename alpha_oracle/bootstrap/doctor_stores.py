"""What an installation needs of its stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.postgres.traits import database_traits
from alpha_oracle.adapters.redis.durability import durability
from alpha_oracle.adapters.redis.neighbours import databases_with_signals
from alpha_oracle.bootstrap.stores import opened_database, opened_redis
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.config import Settings

MAX_SKEW: Final = timedelta(seconds=5)
NO_EVICTION: Final = "noeviction"


def check_database(settings: Settings) -> str:
    """Check that Postgres answers, has our schema, and has the time we have."""
    with opened_database(settings) as database:
        before = datetime.now(UTC)
        traits = database_traits(database)
        after = datetime.now(UTC)
    skew = max(before - traits.now, traits.now - after, timedelta(0))
    if skew > MAX_SKEW:
        raise ConfigurationError(
            f"the clock of Postgres at {database.name} and that of this machine are "
            f"{skew.total_seconds():,.0f} s apart; set both by NTP"
        )
    told = f"Postgres {traits.version} ({database.name}) answers, its schema is the newest"
    if traits.has_timescale:
        return f"{told}, TimescaleDB keeps the bars"
    return f"{told}; REMARK: without TimescaleDB bars lie in a plain table, which serves as well"


def check_redis(settings: Settings) -> str:
    """Check that Redis answers, drops nothing, and outlives a restart."""
    with opened_redis(settings) as connection:
        connection.ping()
        found = durability(connection)
        others = ", ".join(map(str, databases_with_signals(connection)))
    place = connection.place
    if found is None:
        told = f"Redis ({place}) answers; REMARK: it does not say what it keeps (CONFIG refused)"
        return told + _neighbours(others)
    if found.eviction != NO_EVICTION:
        raise ConfigurationError(
            f"Redis at {place} drops what it holds when memory is short (maxmemory-policy "
            f"{found.eviction}): signals and the kill switch among it; set noeviction"
        )
    if not found.appends and not found.snapshots:
        raise ConfigurationError(
            f"Redis at {place} keeps nothing over a restart: signals on their way would be lost; "
            "set appendonly yes"
        )
    remark = "" if found.appends else "; REMARK: a crash loses minutes; set appendonly yes"
    return f"Redis ({place}) answers, drops nothing, outlives a restart{remark}" + _neighbours(
        others
    )


def _neighbours(others: str) -> str:
    if not others:
        return ""
    return (
        f"; WARNING: there are signals in database {others} of that Redis server too, and "
        "its channels know no databases: give each installation a server of its own"
    )
