"""Logs as structlog events on standard error, with secrets taken out before anything is written."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED: Final = "[redacted]"

_INTERNAL_KEYS: Final = ("_record", "_from_structlog")
_HANDLER_NAME: Final = "alpha_oracle"
_SECRET_KEY: Final = re.compile(
    r"(?i)(token|passw(or)?d|passphrase|api_?key|secret|webhook|authorization|credential)s?(_url)?$"
)
# Each pattern keeps what tells the reader which secret it was, and drops the secret.
_SECRET_TEXTS: Final = (
    re.compile(
        r"(?i)(?P<kept>\b[\w-]*(?:api_?key|token|passw(?:or)?d|secret|webhook(?:_url)?)"
        r"[\"']?\s*[=:]\s*)(?!\[redacted\])(?:\"[^\"]*\"|'[^']*'|[^\s&,;\"'}\)]+)"
    ),
    re.compile(r"(?i)(?P<kept>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?P<kept>\b[A-Za-z][\w+.-]*://[^\s:/@]*:)[^\s/]+(?=@)"),
    re.compile(r"(?P<kept>https?://hooks\.slack\.com/)[^\s\"'<>]+"),
    re.compile(r"(?P<kept>\bxox)[abcdeprs]-[A-Za-z0-9-]+"),
    re.compile(r"(?P<kept>/bot)\d+:[\w-]+"),
)
_TELEMETRY_SWITCHES: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


_PREFECTS = frozenset({"prefect", "APILogWorker", "EventsWorker"})


def configure_logging(*, json: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send our events and the standard library's records to one stream, redacted.

    Safe to repeat. Handlers of others on the root logger stay.

    Args:
        json: one JSON object a line; otherwise lines for people, coloured on a terminal.
        level: a name of the standard library's levels.
        stream: where to write; None: standard error, so that `--json` documents keep stdout.
    """
    stream = stream if stream is not None else sys.stderr
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _install(_handler(stream, json=json), level=level)


def disable_dependency_telemetry() -> None:
    """Keep Prefect and great-expectations from calling home; call it before they are imported.

    What the environment said before is overwritten: research data is nobody else's business.
    """
    os.environ.update(_TELEMETRY_SWITCHES)


def prepare_started_process() -> None:
    """Let a process that someone else starts for us call nobody, and log warnings as ours do."""
    disable_dependency_telemetry()
    configure_logging(json=not sys.stderr.isatty(), level="WARNING")


def redact_text(text: str) -> str:
    """Return a text without the passwords, keys, tokens and webhook paths in it."""
    for pattern in _SECRET_TEXTS:
        text = pattern.sub(rf"\g<kept>{REDACTED}", text)
    return text


def redact(value: object) -> object:
    """Return a value without secrets: under telling keys wholly, inside texts by pattern."""
    match value:
        case str():
            return redact_text(value)
        case Mapping():
            return {
                key: REDACTED if _is_secret_key(key) and item is not None else redact(item)
                for key, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [redact(item) for item in value]
        case None | bool() | int() | float():
            return value
        case date() | Decimal() | PurePath():
            return redact_text(str(value))
        case _:
            # What a renderer would print of an object is its repr: that is what must be clean.
            return redact_text(repr(value))


def redact_event(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Take secrets out of an event; a structlog processor, run after tracebacks became text."""
    internal = {key: event_dict.pop(key) for key in _INTERNAL_KEYS if key in event_dict}
    clean = redact(event_dict)
    return {**clean, **internal} if isinstance(clean, dict) else internal


def _is_secret_key(key: object) -> bool:
    return isinstance(key, str) and _SECRET_KEY.search(key) is not None


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _handler(stream: TextIO, *, json: bool) -> logging.Handler:
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(stream)
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                redact_event,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    return handler


def _install(handler: logging.Handler, *, level: str) -> None:
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if one.get_name() == _HANDLER_NAME]:
        root.removeHandler(earlier)
    handler.setLevel(level)
    handler.addFilter(_is_not_prefects)
    root.addHandler(handler)
    root.setLevel(level)


def _is_not_prefects(record: logging.LogRecord) -> bool:
    # Prefect has handlers of its own: what it says of a run stands in its UI.
    return record.name.split(".")[0] not in _PREFECTS
