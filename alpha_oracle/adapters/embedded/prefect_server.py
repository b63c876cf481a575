"""The Prefect server with its UI, on loopback, its runs kept in SQLite under home."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
import urllib.request
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from alpha_oracle.adapters.embedded.server import Launch, StopStep
from alpha_oracle.adapters.embedded.store import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 24_000
PORTS: Final = 4_000
"""Below those that systems give to outgoing connections, which may take one at any moment."""

PORT_FILE: Final = "port"
HEALTH_SECONDS: Final = 2.0
KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV")


class _PrefectServer:
    """How the Prefect server is started and stopped."""

    name = "prefect"
    program = Path(sys.executable).name
    socket_name = "-"
    pid_name = "server.pid"
    stop_steps = (
        StopStep(signal=signal.SIGTERM, patience_seconds=15.0),
        StopStep(signal=signal.SIGKILL, patience_seconds=5.0),
    )

    def url(self, folder: Path) -> str:
        return _url(_port(folder))

    def prepare(self, data: Path, *, log: int) -> Launch:  # noqa: ARG002 - runs no other program.
        data.mkdir(mode=0o700, exist_ok=True)
        (data / self.pid_name).unlink(missing_ok=True)
        port = _free_port(data)
        (data / PORT_FILE).write_text(str(port))
        command = [sys.executable, "-m", "prefect", "server", "start"]
        command += ["--host", HOST, "--port", str(port), "--log-level", "WARNING"]
        return Launch(command=command, environment=_environment(data, port))

    def is_ready(self, folder: Path) -> bool:
        if not _answers(f"{self.url(folder)}/health"):
            return False
        # Another installation's server may have taken the port in between: ours must listen on it.
        pid = _listener(folder.resolve(), _port(folder))
        if pid is None:
            return False
        (folder / self.pid_name).write_text(str(pid))
        return True

    def clean_up(self, data: Path) -> None:
        """Nothing lies outside the data folder."""


def embedded_prefect(home: Path) -> EmbeddedStore:
    """Return the Prefect server under home; its URL is that of its API."""
    return EmbeddedStore(home, _PrefectServer())


def prefect_url(home: Path) -> str:
    """Return where the API of the server under home is, or was; nothing is started."""
    return _url(_port(home.absolute() / _PrefectServer.name))


def _url(port: int) -> str:
    return f"http://{HOST}:{port}/api"


def _port(folder: Path) -> int:
    with suppress(OSError, ValueError):
        return int((folder / PORT_FILE).read_text())
    return _usual_port(folder)


def _usual_port(data: Path) -> int:
    # The same for the same home, so that a bookmark holds and two homes rarely meet.
    digest = hashlib.sha256(str(data.resolve()).encode()).digest()
    return FIRST_PORT + int.from_bytes(digest[:4]) % PORTS


def _free_port(data: Path) -> int:
    for wanted in (_usual_port(data), 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, wanted))
                return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback interface")


def _listener(data: Path, port: int) -> int | None:
    ours = (process.pid for process in psutil.process_iter() if port in _ports_of(process, data))
    return next(ours, None)


def _ports_of(process: psutil.Process, data: Path) -> list[int]:
    with suppress(psutil.Error, OSError):
        if process.cwd() == str(data):
            links = process.net_connections("tcp")
            return [link.laddr.port for link in links if link.status == psutil.CONN_LISTEN]
    return []


def _answers(address: str) -> bool:
    with (
        suppress(OSError, HTTPException),
        urllib.request.urlopen(address, timeout=HEALTH_SECONDS) as answer,  # noqa: S310 - http.
    ):
        return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number.
    return False


def _environment(data: Path, port: int) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(data),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": str(data),
        "PREFECT_PROFILES_PATH": str(data / "profiles.toml"),
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_UI_API_URL": _url(port),
    }
