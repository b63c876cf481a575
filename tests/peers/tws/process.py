"""A gateway in a process of its own, started, killed and started again by a test."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.peers.tws.control import RemoteGateway
from tests.peers.tws.ledger import Ledger, read_log
from tests.ports import a_free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 120
"""As long as a process may take to come up beside all others on a busy machine."""


class GatewayProcess:
    """A gateway that outlives its clients; `remote` steers it while it runs."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, control: Path, arguments: list[str]) -> None:
        self.port = a_free_port()
        self.remote = RemoteGateway(control)
        self._folder = folder
        self._control = control
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ledger(self) -> Ledger:
        """What happened so far, as its log tells; also after its end."""
        return read_log(self._folder / "log")

    def start(self) -> None:
        """Start it, or start it again on its port with its state."""
        port_file = self._folder / "port"
        for file in (port_file, self._control):
            file.unlink(missing_ok=True)
        files = [
            *("--port", str(self.port), "--port-file", str(port_file)),
            *("--log", str(self._folder / "log"), "--state", str(self._folder / "state")),
            *("--control", str(self._control), "--until-stdin-closes"),
        ]
        command = [sys.executable, "-m", "tests.peers.tws", *self._arguments, *files]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
        self._await(port_file, self._control)
        self.port = int(port_file.read_text())

    def kill(self) -> None:
        """End it without a chance to say anything."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def stop(self) -> None:
        """End it as an operator would; a mistake of the server itself fails the test."""
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(PATIENCE_SECONDS) == 0

    def _await(self, *files: Path) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not all(file.exists() for file in files):
            assert self._process is not None
            assert self._process.poll() is None, "the gateway ended before it listened"
            assert time.monotonic() < give_up, "the gateway did not listen in time"
            time.sleep(0.02)


@contextmanager
def gateway_process(
    bars: Path,
    *,
    folder: Path,
    actions: Path | None = None,
    now: datetime | None = None,
    **settings: Any,
) -> Iterator[GatewayProcess]:
    """A gateway with bars from a file (CSV, raw), its own files in `folder`."""
    arguments = ["--bars", str(bars), "--settings", json.dumps(settings)]
    if actions is not None:
        arguments += ["--actions", str(actions)]
    if now is not None:
        arguments += ["--now", now.isoformat()]
    # The path of a Unix socket must be short.
    with TemporaryDirectory(prefix="tws") as short:
        process = GatewayProcess(folder, Path(short) / "control", arguments)
        try:
            process.start()
            yield process
            process.stop()
        finally:
            process.kill()
