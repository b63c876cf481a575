"""The gateway as a process: `python -m tests.peers.tws --bars FILE --port 0 --port-file F --log F`.

It outlives a killed client. With `--state F` and the same port a new process goes on where the last
one was: clock, contracts, actions, faults, order ids. `process` starts one from a test.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from tests.peers.tws.control import serve_control
from tests.peers.tws.files import write_whole
from tests.peers.tws.market import market_of_files
from tests.peers.tws.running import running_gateway

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM."""
    asked = _parser().parse_args(arguments)
    over = Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    with running_gateway(
        market_of_files(asked.bars, asked.actions),
        now=asked.now,
        port=asked.port,
        log=asked.log,
        state=asked.state,
        **asked.settings,
    ) as gateway:
        if asked.control is not None:
            Thread(target=serve_control, args=(gateway, asked.control), daemon=True).start()
        if asked.until_stdin_closes:
            Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
        if asked.port_file is not None:
            write_whole(asked.port_file, str(gateway.port).encode())
        over.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.peers.tws")
    parser.add_argument("--bars", type=Path, required=True, help="symbol,date,open,... raw, CSV")
    parser.add_argument("--actions", type=Path, help="symbol,ex_date,type,value, CSV")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path, help="where the port is written once it listens")
    parser.add_argument("--log", type=Path, help="the ledger, a line of JSON an entry")
    parser.add_argument("--state", type=Path, help="what a later process goes on from")
    parser.add_argument("--control", type=Path, help="a socket a test steers it through")
    parser.add_argument("--now", type=datetime.fromisoformat, help="the clock, standing still")
    parser.add_argument("--settings", type=json.loads, default={}, help="of GatewaySettings, JSON")
    parser.add_argument("--until-stdin-closes", action="store_true", help="as the starter's child")
    return parser


if __name__ == "__main__":
    main()
