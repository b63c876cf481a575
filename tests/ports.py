"""Ports for servers that a test starts later, and ports where nobody is to listen.

What the kernel gives, for a server as for the near end of any connection, lies above: a port of
that kind may be another's by the time it is used.
"""

import os
import socket
from contextlib import suppress
from itertools import cycle

FIRST = 12_000
A_WORKER = 2_500
WORKERS = 8


def a_free_port():
    """Return a port of this machine that nobody listens on, and that no neighbour is given."""
    for port in _OURS:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("unreachable: the ports begin anew")


def _ours():
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    begin = FIRST + int(name.removeprefix("gw")) % WORKERS * A_WORKER
    # Another run on this machine begins somewhere else.
    ahead = os.getpid() % A_WORKER
    return cycle(begin + (ahead + number) % A_WORKER for number in range(A_WORKER))


_OURS = _ours()
