"""The Prefect server with its UI, on loopback, its runs kept in SQLite under home."""

from __future__ import annotations

import os
import signal
import socket
import sys
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.embedded.server import Launch, StopStep
from alpha_oracle.adapters.embedded.store import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 4200
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
        with suppress(OSError, ValueError):
            return _url(int((folder / PORT_FILE).read_text()))
        return _url(USUAL_PORT)

    def prepare(self, data: Path, *, log: int) -> Launch:  # noqa: ARG002 - runs no other program.
        data.mkdir(mode=0o700, exist_ok=True)
        port = _free_port()
        (data / PORT_FILE).write_text(str(port))
        command = [sys.executable, "-m", "prefect", "server", "start"]
        command += ["--host", HOST, "--port", str(port), "--log-level", "WARNING"]
        return Launch(command=command, environment=_environment(data, port))

    def is_ready(self, folder: Path) -> bool:
        request = f"{self.url(folder)}/health"
        with (
            suppress(OSError),
            urllib.request.urlopen(request, timeout=HEALTH_SECONDS) as answer,  # noqa: S310 - http.
        ):
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number.
        return False

    def clean_up(self, data: Path) -> None:
        """Nothing lies outside the data folder."""


def embedded_prefect(home: Path) -> EmbeddedStore:
    """Return the Prefect server under home; its URL is that of its API."""
    return EmbeddedStore(home, _PrefectServer())


def _url(port: int) -> str:
    return f"http://{HOST}:{port}/api"


def _free_port() -> int:
    for wanted in (USUAL_PORT, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, wanted))
                return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback interface")


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
