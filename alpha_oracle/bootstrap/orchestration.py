"""Where flow runs are recorded and watched: a given Prefect API, else the server under home."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API_VARIABLE: Final = "PREFECT_API_URL"
HEARTBEAT_VARIABLE: Final = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"
HEARTBEAT_SECONDS: Final = 30
"""How often a flow run gives a sign of life; three missed ones and the watch tells people."""


@contextmanager
def prefect_api(home: Path) -> Iterator[str]:
    """Let flow runs of this process go to a Prefect API for the length of a block; give its URL.

    Must be entered before Prefect is imported: it reads its settings then. The server under home
    is used until the process ends, because the last logs and events of a run travel behind it:
    Prefect sends them at the interpreter's end, before the store is let go.

    Raises:
        ConfigurationError: the server under home cannot start.
    """
    os.environ.setdefault(HEARTBEAT_VARIABLE, str(HEARTBEAT_SECONDS))
    given = os.environ.get(API_VARIABLE)
    if given:
        yield given
        return
    os.environ[API_VARIABLE] = url = embedded_prefect(home).attach()
    os.environ["PREFECT_HOME"] = str(home / "prefect")
    # The run's log belongs to the UI; the terminal shows progress.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    try:
        yield url
    finally:
        del os.environ[API_VARIABLE]
