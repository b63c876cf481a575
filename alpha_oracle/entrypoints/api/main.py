"""The API in the foreground: an always-on process that ends cleanly on SIGTERM."""

from __future__ import annotations

import sys
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from alpha_oracle.bootstrap.api import opened_services, own_token
from alpha_oracle.bootstrap.presence import API, present
from alpha_oracle.config import load_settings
from alpha_oracle.entrypoints.api.access import Access, Role, Token
from alpha_oracle.entrypoints.api.app import create_app
from alpha_oracle.entrypoints.endings import ending_on_signals
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.telemetry import configure_logging

if TYPE_CHECKING:
    from alpha_oracle.config import Settings
    from alpha_oracle.config_sections import ApiSettings

POLL_SECONDS: Final = 0.2
END_SECONDS: Final = 3
"""How long a request that still runs is waited for; listeners to events are sent away."""


def main() -> int:
    """Answer until told to end; return the exit code.

    Raises:
        AlphaOracleError: it cannot start; says what to mend.
    """
    configure_logging(json=not sys.stderr.isatty(), level="INFO")
    settings = load_settings()
    access = Access(tokens_of(settings))
    with opened_services(settings) as services, present(settings.home, API):
        app = create_app(services, access=access, allowed_hosts=settings.api.allowed_hosts)
        _serve(uvicorn.Server(uvicorn.Config(app, **_options(settings.api))), settings.api)
    return 0


def _serve(server: uvicorn.Server, settings: ApiSettings) -> None:
    ending = ending_on_signals()
    # Beside the main thread the server leaves signals to us: what is open is closed in order.
    answering = Thread(target=server.run, name="api")
    answering.start()
    while answering.is_alive() and not ending.is_set():
        ending.wait(POLL_SECONDS)
    server.should_exit = True
    answering.join()
    if not server.started:
        raise ConfigurationError(
            f"the API cannot listen on {settings.host}:{settings.port}; is the port taken? set "
            "api.port to another"
        )


def tokens_of(settings: Settings) -> list[Token]:
    """Return the tokens of the settings, else the operator's own under home.

    Raises:
        ConfigurationError: that file is not as it was made.
    """
    if not settings.api.tokens:
        return [Token(sha256=own_token(settings.home), role=Role.OPERATOR)]
    return [Token(sha256=one.sha256, role=Role(one.role)) for one in settings.api.tokens]


def _options(settings: ApiSettings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": END_SECONDS,
        "proxy_headers": False,
    }
