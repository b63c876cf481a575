"""What passes the doorkeeper, and what every answer says: asked as a server asks an application."""

import asyncio
import json

import pytest

from alpha_oracle.entrypoints.api.doorkeeper import LARGEST_BODY, Doorkeeper, is_json
from alpha_oracle.entrypoints.api.headers import GUARDS, Guarded

HOSTS = ("localhost",)
JSON = {"content_type": "application/json"}


def asked(app, *, method="POST", messages=(), **headers):
    """The messages that an application answers a request with."""
    given = {"host": "localhost"} | {name.replace("_", "-"): text for name, text in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
    }
    waiting, sent = list(messages), []

    async def receive():
        # Who has said all it says keeps its line open.
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 5))
    return sent


def part(body, *, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


async def echo(scope, receive, send):
    """Answers with the body it was sent."""
    body, more = b"", any(name == b"content-length" for name, _ in scope["headers"])
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"!", "more_body": False})


DOOR = Doorkeeper(echo, allowed_hosts=HOSTS, body_seconds=0.05)


def status(sent):
    return sent[0]["status"]


def test_a_body_in_parts_reaches_the_application_whole():
    parts = [part(b'{"a"', more=True), part(b": 1}")]
    sent = asked(DOOR, messages=parts, content_length="8", **JSON)
    assert (status(sent), sent[1]["body"]) == (200, b'{"a": 1}')


def test_a_body_that_does_not_come_in_time_is_not_waited_for():
    sent = asked(DOOR, messages=[part(b'{"a"', more=True)], content_length="8", **JSON)
    assert status(sent) == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["title"] == "Request Timeout"


def test_who_goes_amid_its_body_is_waited_for_no_longer():
    gone = {"type": "http.disconnect"}
    sent = asked(DOOR, messages=[part(b"{", more=True), gone], content_length="8", **JSON)
    assert sent[1]["body"] == b"{"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": ""}, 421),
        ({"transfer_encoding": "chunked", "content_type": "application/json"}, 411),
        ({"content_length": str(LARGEST_BODY + 1), "content_type": "application/json"}, 413),
        ({"content_length": "1"}, 415),
        ({"content_length": "1", "content_type": "text/plain"}, 415),
        ({"content_length": "1", "content_type": "application/x-www-form-urlencoded"}, 415),
    ],
    ids=str,
)
def test_what_is_no_request_of_ours_is_refused_unread(headers, refusal):
    assert status(asked(DOOR, **headers)) == refusal


@pytest.mark.parametrize(
    ("content_type", "verdict"),
    [
        ("application/json", True),
        ("Application/JSON; Charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/jsonp", False),
        ("text/json", False),
        ("", False),
    ],
)
def test_a_body_is_json_in_utf_8(content_type, verdict):
    assert is_json(content_type) is verdict


def test_every_answer_is_guarded_and_says_itself_what_it_says_otherwise():
    async def cached(_scope, _receive, send):
        headers = [(b"cache-control", b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    told = dict(asked(Guarded(cached), method="GET")[0]["headers"])
    assert told[b"cache-control"] == b"max-age=60"
    assert {name.lower().encode() for name in GUARDS} <= told.keys()


def test_head_is_get_without_its_body():
    sent = asked(Guarded(echo), method="HEAD")
    bodies = [one["body"] for one in sent if one["type"] == "http.response.body"]
    assert (status(sent), bodies) == (200, [b""])


def test_a_stream_that_is_asked_for_by_head_ends():
    async def endless(_scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        message = {}
        while message.get("type") != "http.disconnect":
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            message = await receive()

    sent = asked(Guarded(endless), method="HEAD")
    assert [one.get("body") for one in sent[1:]] == [b""]
