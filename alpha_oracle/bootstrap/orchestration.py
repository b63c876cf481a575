"""Where flow runs are recorded and watched: a given Prefect API, else the server under home."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API_VARIABLE: Final = "PREFECT_API_URL"


@contextmanager
def prefect_api(home: Path) -> Iterator[str]:
    """Let flow runs of this process go to a Prefect API for the length of a block; give its URL.

    Must be entered before Prefect is imported: it reads its settings then.

    Raises:
        ConfigurationError: the server under home cannot start.
    """
    given = os.environ.get(API_VARIABLE)
    if given:
        yield given
        return
    with embedded_prefect(home).attached() as url:
        os.environ[API_VARIABLE] = url
        os.environ["PREFECT_HOME"] = str(home / "prefect")
        # The run's log belongs to the UI; the terminal shows progress.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
        try:
            yield url
        finally:
            _send_logs()
            del os.environ[API_VARIABLE]


def _send_logs() -> None:
    # The log of a run travels behind it; the server may stop as soon as this process lets go.
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            handler.flush()
