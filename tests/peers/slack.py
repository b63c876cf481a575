"""A local Slack, spoken to over HTTP."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.ports import a_free_port


@dataclass
class SlackStandIn:
    """A local Slack: answers each request with the next status, then with the last one."""

    url: str
    statuses: list[int]
    body: str
    answers: threading.Event
    received: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def status(self):
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def slack(*statuses, body="ok", answering=True):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            stand_in.received.append((self.path, dict(self.headers), text))
            stand_in.answers.wait(timeout=300)
            self.send_response(stand_in.status())
            self.end_headers()
            self.wfile.write(stand_in.body.encode())

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # A client that gave up closes its end.
    stand_in = SlackStandIn(
        url=f"http://127.0.0.1:{server.server_port}",
        statuses=list(statuses) or [200],
        body=body,
        answers=threading.Event(),
    )
    if answering:
        stand_in.answers.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()


def unused_url():
    return f"http://127.0.0.1:{a_free_port()}"
