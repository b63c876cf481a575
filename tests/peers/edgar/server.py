"""A local EDGAR, www and data on one port: it wants a name and an e-mail, and counts the second."""

import gzip
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NO_SUCH_KEY = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"""
ACCESS_DENIED = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"""
UNDECLARED = b"""<!DOCTYPE html><html><head>
<title>SEC.gov | Your Request Originates from an Undeclared Automated Tool</title></head></html>"""
TOO_FAST = b"""<!DOCTYPE html><html><head>
<title>SEC.gov | Request Rate Threshold Exceeded</title></head></html>"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, as it came."""

    path: str
    user_agent: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done to one request whose path holds `path`.

    An answer in place of the file, or a way of sending it: `keeps` is the fraction of the body
    that is sent before the line is cut, `is_told` whether the whole length was told before,
    `is_packed` whether it is sent as gzip.
    """

    path: str = ""
    status: int | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keeps: float = 1.0
    is_told: bool = True
    is_packed: bool = True
    is_silent: bool = False
    hangs_up: bool = False


@dataclass
class EdgarPeer:
    """Bodies by path and the faults to come; `asked` are the requests that came, in order."""

    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    held: list[str] = field(default_factory=list)
    waiting: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, path="", *, times=1, **fault):
        """Do this to the next requests whose path holds `path`."""
        self.faults.extend([Fault(path=path, **fault)] * times)

    def hold(self, path):
        """Answer requests whose path holds `path` once they are let go; `waiting` counts those."""
        self.held.append(path)

    def let_go(self):
        """Answer what waits, and hold nothing any more."""
        self.held.clear()

    def await_its_turn(self, path):
        """Wait for as long as a request is held."""
        with self.guard:
            self.waiting += 1
        while any(part in path for part in self.held) and not self.over.wait(0.01):
            pass
        with self.guard:
            self.waiting -= 1

    def take(self, path, user_agent):
        """Count a request; the fault it meets."""
        with self.guard:
            self.asked.append(Asked(path=path, user_agent=user_agent))
            fault = next((fault for fault in self.faults if fault.path in path), None)
            if fault is not None:
                self.faults.remove(fault)
                return fault
            if "@" not in user_agent:
                return Fault(status=403, body=UNDECLARED)
            return Fault()

    @property
    def paths(self):
        """The paths asked for, in order."""
        return [asked.path for asked in self.asked]


@contextmanager
def edgar(files=None, **settings):
    """Serve EDGAR's files for the length of a block; gives the peer."""
    peer = EdgarPeer(dict(files or {}), **settings)
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
    peer: EdgarPeer

    def do_GET(self):
        fault = self.peer.take(self.path, self.headers.get("User-Agent", ""))
        self.peer.await_its_turn(self.path)
        with suppress(OSError):
            self._play(fault)

    def _play(self, fault):
        if fault.is_silent:
            self.peer.over.wait(10.0)
        if fault.is_silent or fault.hangs_up:
            self._end()
            return
        body, status = fault.body, fault.status or 200
        if body is None and fault.status is None:
            body = self.peer.files.get(self.path)
            status = 404 if body is None else 200
        self._send(fault, status, NO_SUCH_KEY if body is None else body)

    def _send(self, fault, status, body):
        headers = dict(fault.headers)
        if fault.is_packed and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, headers = gzip.compress(body, 1), {**headers, "Content-Encoding": "gzip"}
        self.send_response(status)
        if fault.is_told:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: int(len(body) * fault.keeps)])
        if fault.keeps < 1.0 or not fault.is_told:
            self._end()

    def _end(self):
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_args):
        pass
