"""Callers of the API, an API served in this process, and one in a process of its own."""

import hashlib
import json
import socket
import time
from contextlib import contextmanager
from threading import Thread

import httpx
import uvicorn

from alpha_oracle.bootstrap.api import opened_services
from alpha_oracle.config import load_settings
from alpha_oracle.entrypoints.api.access import Access, Role, Token
from alpha_oracle.entrypoints.api.app import create_app
from tests.end_to_end.command_line import begin_process
from tests.ports import a_free_port

OPERATOR, VIEWER = (
    "the-operators-own-token-of-32-characters",
    "the-viewers-own-token-of-32-characters",
)
DIGESTS = {
    role: hashlib.sha256(token.encode()).hexdigest()
    for token, role in ((OPERATOR, Role.OPERATOR), (VIEWER, Role.VIEWER))
}
TOKENS = [Token(sha256=digest, role=role) for role, digest in DIGESTS.items()]
PATIENCE_SECONDS = 300


def client(url, token, **options):
    """A caller with a token; None: without."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(
        base_url=url, headers=headers, trust_env=False, timeout=PATIENCE_SECONDS, **options
    )


@contextmanager
def served(app):
    """The address of an application on a port of this machine's."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def api_here():
    """The address of the API of this process's settings, which knows our tokens."""
    settings = load_settings()
    with opened_services(settings) as services:
        app = create_app(services, access=Access(TOKENS), allowed_hosts=settings.api.allowed_hosts)
        with served(app) as address:
            yield address


@contextmanager
def api_process(operated, *, scheme="http", verify=True):
    """The address of the API in a process of its own, which knows our tokens."""
    port = a_free_port()
    operated.settings["API__PORT"] = port
    operated.settings["API__TOKENS"] = json.dumps(
        [{"sha256": digest, "role": role.value} for role, digest in DIGESTS.items()]
    )
    url = f"{scheme}://127.0.0.1:{port}"
    # Nobody reads what it logs meanwhile: a pipe would be full one day.
    with (
        operated.log("api").open("a") as log,
        begin_process(operated.environment, "api", stderr=log) as process,
    ):
        try:
            until_healthy(url, verify=verify)
            yield url
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)


def until_healthy(url, *, verify=True):
    """Wait until an API answers; return what it says."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            return httpx.get(f"{url}/healthz", trust_env=False, verify=verify)
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the API does not answer")
