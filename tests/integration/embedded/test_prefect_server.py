import json
import socket
import threading
import urllib.request
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from urllib.parse import urlsplit

import pytest

from alpha_oracle.adapters.embedded import prefect_server
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.health import answers


class Stranger(BaseHTTPRequestHandler):
    """Somebody else's server: it says it is well, whatever it is asked."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serving(kind, handler):
    """Give the port of a server of somebody else, for the length of a block."""
    with kind((prefect_server.HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def stranger():
    with serving(HTTPServer, Stranger) as port:
        yield port


def test_a_server_of_somebody_else_on_our_port_is_not_ours(home, stranger):
    data = home / "prefect"
    data.mkdir(parents=True)
    (data / "port").write_text(str(stranger))

    assert not prefect_server._PrefectServer().is_ready(data)


class Babbler(StreamRequestHandler):
    """Somebody who speaks no HTTP: it says again what it is told."""

    def handle(self):
        self.wfile.write(self.rfile.readline())


@pytest.fixture
def babbler():
    with serving(TCPServer, Babbler) as port:
        yield port


def test_who_speaks_no_http_on_our_port_is_no_server_of_ours(home, babbler):
    data = home / "prefect"
    data.mkdir(parents=True)
    (data / "port").write_text(str(babbler))

    assert not prefect_server._PrefectServer().is_ready(data)
    assert not answers(f"http://{prefect_server.HOST}:{babbler}/healthz")


def test_a_home_keeps_its_port_unless_somebody_has_it(tmp_path):
    usual = prefect_server._free_port(tmp_path)

    with closing(socket.create_server((prefect_server.HOST, usual))):
        other = prefect_server._free_port(tmp_path)

    assert other != usual
    assert prefect_server._free_port(tmp_path) == usual


@pytest.mark.slow
def test_the_server_answers_while_it_is_used_and_calls_nobody(home):
    store = embedded_prefect(home)

    with store.attached() as url:
        with urllib.request.urlopen(f"{url}/health") as answer:
            assert json.load(answer) is True
        status = store.status()

    assert status.running
    assert status.pid is not None
    assert not store.status().running


def test_no_outgoing_connection_borrows_the_port_of_a_home(home):
    borrowed = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not borrowed.exists():
        pytest.skip("this system does not tell which ports it lends")
    lowest = int(borrowed.read_text().split()[0])
    assert urlsplit(prefect_server.prefect_url(home)).port < lowest
