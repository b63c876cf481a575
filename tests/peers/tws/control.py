"""Steering a gateway in another process: the calls of `RunningGateway` over a Unix socket."""

from __future__ import annotations

import time
from multiprocessing.connection import Client, Listener
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.tws.running import RunningGateway

PATIENCE_SECONDS = 120
VALUES = ("port", "ledger", "connected_ids", "is_listening", "exchange")


def serve_control(gateway: RunningGateway, address: Path) -> None:
    """Carry out calls for ever."""
    address.unlink(missing_ok=True)
    with Listener(str(address), "AF_UNIX") as listener:
        while True:
            with listener.accept() as caller:
                name, arguments, named = caller.recv()
                member = getattr(gateway, name)
                try:
                    answer = member if name in VALUES else member(*arguments, **named)
                except Exception as error:  # noqa: BLE001 - The caller is to see it, whatever it is.
                    answer = error
                caller.send(answer)


class RemoteGateway:
    """What a test may do to a gateway in another process: all that `RunningGateway` offers."""

    def __init__(self, address: Path) -> None:
        self._address = address

    def __getattr__(self, name: str) -> Any:
        return self._call(name) if name in VALUES else self._caller(name)

    def _caller(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: self._call(name, *arguments, **named)

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        with self._connected() as caller:
            caller.send((name, arguments, named))
            answer = caller.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _connected(self) -> Any:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return Client(str(self._address), "AF_UNIX")
            except ConnectionRefusedError:
                # The socket has a name a moment before it listens.
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.01)
