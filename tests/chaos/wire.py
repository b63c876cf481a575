"""The way to Postgres, which a test cuts: on the way there, or once an answer is on its way back.

Unlike a store that says it is away, this one does not know either: the driver finds its socket
gone, and whether the transaction is on record nobody tells it.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress

from sqlalchemy import make_url

THERE, BACK = "there", "back"
CHUNK = 1 << 16


class Wire:
    """Takes connections at `url` on to a server; `cuts` counts how often it broke.

    Once the server says `last_words` nothing gets there any more, until they are taken back.
    """

    def __init__(self, server_url):
        self._server = make_url(server_url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        query = {k: v for k, v in self._server.query.items() if k not in {"host", "port"}}
        own = self._server.set(host="127.0.0.1", port=port, query=query | {"sslmode": "disable"})
        self.url = own.render_as_string(hide_password=False)
        self._pairs = []
        self._due = ""
        self._dice, self._odds = None, 0.0
        self.last_words = b""
        self._is_ended = False
        self.cuts = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @contextmanager
    def cutting(self, way):
        """Cut at what is sent next in the block: `THERE`, `BACK`, or not at all (empty)."""
        self._due = way
        try:
            yield
        finally:
            self._due = ""

    def roughen(self, dice, *, odds):
        """Cut whatever is sent from now on, either way, with these odds."""
        self._dice, self._odds = dice, odds

    def mend(self):
        """Let the server be within reach again."""
        self.last_words, self._is_ended = b"", False

    def close(self):
        """Take no more, and end what there is."""
        _end(self._listening)
        self.hang_up()

    def _serve(self):
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if self._is_ended:
                    _end(near)
                    continue
                far = self._dialled()
                self._pairs.append((near, far))
                for pump in (self._there, self._back):
                    threading.Thread(target=pump, args=(near, far), daemon=True).start()

    def _dialled(self):
        asked = self._server.query
        host, port = asked.get("host") or self._server.host, asked.get("port") or self._server.port
        if host.startswith("/"):
            far = socket.socket(socket.AF_UNIX)
            far.connect(f"{host}/.s.PGSQL.{port or 5432}")
            return far
        return socket.create_connection((host, int(port or 5432)))

    def _there(self, near, far):
        with suppress(OSError):
            while data := near.recv(CHUNK):
                if self._is_ended or self._due == THERE or self._is_bad_luck():
                    self._cut()
                    return
                far.sendall(data)
        _end(near, far)

    def _back(self, near, far):
        with suppress(OSError):
            while data := far.recv(CHUNK):
                if self._due == BACK or self._is_bad_luck():
                    self._cut()
                    return
                # Whoever hears it finds nobody there who does.
                self._is_ended |= bool(self.last_words) and self.last_words in data
                near.sendall(data)
        _end(near, far)

    def _is_bad_luck(self):
        return self._odds > 0 and self._dice.random() < self._odds

    def _cut(self):
        self._due = ""
        self.cuts += 1
        self.hang_up()

    def hang_up(self):
        """End every connection, whatever is under way on it."""
        pairs, self._pairs = self._pairs, []
        for near, far in pairs:
            _end(near, far)


def _end(*ends):
    for one in ends:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
