"""A local server of public files, spoken to over HTTP, with the faults of the real ones."""

import gzip
import socket
import threading
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCESS_DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An answer in place of the file, or a way of sending it.

    `keeps` is the fraction of the body that is sent before the line is cut; `is_told` whether the
    length of the whole was told before.
    """

    status: int | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keeps: float = 1.0
    is_told: bool = True
    hangs_up: bool = False
    is_silent: bool = False
    trickles: bool = False


@dataclass
class FilesPeer:
    """Bodies by path, and the faults to come; `requests` are those that came, in order."""

    files: dict[str, bytes] = field(default_factory=dict)
    absent_status: int = 403
    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    over: threading.Event = field(default_factory=threading.Event)

    def fail(self, **fault):
        """Do this to the next request."""
        self.faults.append(Fault(**fault))

    def take(self, asked):
        """Count a request; what is done to it."""
        self.requests.append(asked)
        return self.faults.popleft() if self.faults else Fault()

    @property
    def paths(self):
        """The paths asked for, in order."""
        return [asked.path for asked in self.requests]


@contextmanager
def files(served=None, **settings):
    """Serve files for the length of a block; gives the peer."""
    peer = FilesPeer(dict(served or {}), **settings)
    handler = type("Handler", (_Handler,), {"peer": peer})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # A client that gave up closes its end.
    peer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        peer.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: FilesPeer

    def do_GET(self):
        fault = self.peer.take(self._asked())
        with suppress(OSError):
            self._play(fault)

    def do_HEAD(self):
        self.do_GET()

    def _asked(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Asked(method=self.command, path=self.path, headers=headers)

    def _play(self, fault):
        if fault.is_silent:
            self.peer.over.wait(10.0)
        if fault.is_silent or fault.hangs_up:
            self._end()
            return
        body = self.peer.files.get(self.path)
        if fault.status is not None or fault.body is not None:
            self._send(fault, fault.status or 200, fault.body or b"")
        elif body is not None:
            self._send(fault, 200, body)
        elif self.peer.absent_status == 403:
            self._send(fault, 403, ACCESS_DENIED.encode())
        else:
            self._send(fault, self.peer.absent_status, b"not here")

    def _send(self, fault, status, body):
        headers = dict(fault.headers)
        packs = "gzip" in self.headers.get("Accept-Encoding", "")
        if packs and "Content-Encoding" not in headers:
            body, headers = gzip.compress(body, 1), {**headers, "Content-Encoding": "gzip"}
        self.send_response(status)
        if fault.is_told:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        kept = body[: int(len(body) * fault.keeps)]
        if fault.trickles:
            self._trickle(kept)
        self.wfile.write(kept)
        if fault.keeps < 1.0 or not fault.is_told:
            self._end()

    def _trickle(self, body):
        for at in range(len(body)):
            if self.peer.over.wait(0.05):
                return
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()

    def _end(self):
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_args):
        pass
