"""Many listeners to what is announced, one of whom never reads, and ids of another time."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from tests.end_to_end.api_clients import OPERATOR, VIEWER, api_here, client

LISTENERS = 30
ANNOUNCE = """
INSERT INTO outbox (channel, message_id, document, created_at, relayed_at, event_number)
SELECT 'risk', gen_random_uuid()::text, json_build_object('n', n, 'long', repeat('x', :length)),
       now(), now(), nextval('event_numbers')
FROM generate_series(1, :count) AS n
"""


@pytest.fixture
def url(operated):
    with api_here() as address:
        yield address


@pytest.fixture
def announce(operated):
    """A function that puts so many events on record as announced."""
    with closing(open_database(operated.database_url)) as database:

        def put(count, *, length=10):
            with database.begin() as connection:
                connection.execute(text(ANNOUNCE), {"count": count, "length": length})

        yield put


def ids(lines, count):
    """The ids of the first events of a stream."""
    found = []
    while len(found) < count:
        name, _, value = next(lines).partition(": ")
        found += [int(value)] if name == "id" else []
    return found


def test_each_of_many_listeners_hears_everything(url, announce):
    def listen(_):
        with client(url, VIEWER) as listener, listener.stream("GET", "/api/events") as answer:
            lines = answer.iter_lines()
            assert next(lines) == ": listening"
            listening.append(True)
            return ids(lines, 100)

    listening = []
    with ThreadPoolExecutor(LISTENERS) as pool, client(url, VIEWER) as other:
        heard = [pool.submit(listen, number) for number in range(LISTENERS)]
        while len(listening) < LISTENERS and not any(one.done() for one in heard):
            # Those who only listen keep nobody waiting.
            assert other.get("/healthz").status_code == 200
        announce(100)
        assert [future.result() for future in heard] == [list(range(1, 101))] * LISTENERS


def test_a_listener_who_never_reads_holds_up_nobody(url, announce):
    where = urlsplit(url)
    with socket.socket() as deaf, client(url, VIEWER) as other:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((where.hostname, where.port))
        lines = [f"GET /api/events HTTP/1.1\r\nHost: {where.netloc}", "Last-Event-ID: 0"]
        deaf.sendall("\r\n".join([*lines, f"Authorization: Bearer {VIEWER}", "", ""]).encode())
        assert deaf.recv(15, socket.MSG_WAITALL) == b"HTTP/1.1 200 OK"
        # More than the buffers on the way to it hold.
        announce(800, length=8_000)
        with other.stream("GET", "/api/events", headers={"Last-Event-ID": "0"}) as answer:
            assert ids(answer.iter_lines(), 800) == list(range(1, 801))
        assert other.get("/api/orders").status_code == 200


def test_ids_of_another_time_are_no_reason_to_miss_what_comes(url, announce):
    announce(3)
    with client(url, OPERATOR) as listener:
        for last, expected in (("0", [1, 2, 3]), ("2", [3]), ("007", []), ("9" * 18, [])):
            with listener.stream("GET", "/api/events", headers={"Last-Event-ID": last}) as answer:
                lines = answer.iter_lines()
                assert next(lines) == ": listening"
                assert ids(lines, len(expected)) == expected
                announce(1)
                number = ids(lines, 1)[0]
                assert number > 3
        for garbage in ("-1", "1.5", "abc", "9" * 19, "\u0661"):
            headers = {"Last-Event-ID": garbage.encode()}
            assert listener.get("/api/events", headers=headers).status_code == 422
