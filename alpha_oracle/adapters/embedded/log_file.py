"""A server's log, and what its last words mean to who must mend it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES: Final = 10_000_000
LAST_LINES: Final = 3
LOW_DISK_BYTES: Final = 200_000_000

# Read in order; the first text found in the log decides the advice.
DISK_FULL: Final = "free space on the disk of {data}"
ADVICE: Final = (
    ("No space left on device", DISK_FULL),
    ("Read-only file system", "make the disk of {data} writable"),
    ("Permission denied", "make {data} and what is in it belong to the user who starts it"),
    ("wrong ownership", "make {data} and what is in it belong to the user who starts it"),
    ("incompatible with server", "the data is another version's: restore it there and dump it"),
)
OTHERWISE: Final = "if {data} is damaged, restore it from a backup or move it away"


class LogFile:
    """The file a server writes its output to; earlier output is kept up to a bound."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def begin(self) -> None:
        """Note where this start's output begins; a file grown large is set aside first."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size > MAX_BYTES:
            self.path.replace(self.path.with_suffix(".log.1"))
            size = 0
        self._start = size

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open for appending; gives the descriptor."""
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            yield fd
        finally:
            os.close(fd)

    def explanation(self, data: Path) -> str:
        """Return the end of this start's output and what to do about it, on one line."""
        with self.path.open("rb") as file:
            file.seek(self._start)
            text = file.read().decode(errors="replace")
        advice = next((advice for cause, advice in ADVICE if cause in text), self._last_advice())
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        words = " | ".join(lines[-LAST_LINES:]) or "it said nothing"
        return f"{words}; {advice.format(data=data)} (log: {self.path})"

    def _last_advice(self) -> str:
        # A full disk takes the words with it, or a server dies of it without saying so.
        full = shutil.disk_usage(self.path.parent).free < LOW_DISK_BYTES
        return DISK_FULL if full else OTHERWISE
