"""A server's log, and what its last words mean to who must mend it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEPER: Final = Path(__file__).with_name("log_keeper.py")
LAST_WORDS_SECONDS: Final = 5.0
"""How long the keeper may take to write what was said last."""

# A child of this shell is nobody's child once the shell ends: it neither dies with its starter
# nor leaves it a zombie.
DETACH: Final = ("/bin/sh", "-c", '"$@" &', "sh")
DETACH_READING: Final = ("/bin/sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh")
"""As above, for one that reads its standard input: a shell takes that from what it leaves."""

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
    """The file a process writes its output to, through a keeper that bounds its size."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0
        self._told: int | None = None

    def begin(self) -> None:
        """Note where this start's output begins."""
        self._start = self.path.stat().st_size if self.path.exists() else 0

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Give the descriptor to write to; the keeper lives as long as any process has it open."""
        source, sink = os.pipe()
        try:
            self._start_keeper(source)
            yield sink
        finally:
            os.close(sink)

    def await_last_words(self) -> bool:
        """Wait until all is in the file that was written by processes now gone.

        Return whether it is: some process may live and hold the descriptor.
        """
        if self._told is None:
            return True
        if not select.select([self._told], [], [], LAST_WORDS_SECONDS)[0]:
            return False
        self._forget_keeper()
        return True

    def close(self) -> None:
        """Let go of the keeper, which goes on while somebody writes."""
        self._forget_keeper()

    def explanation(self, data: Path) -> str:
        """Return the end of this start's output and what to do about it, on one line."""
        self.await_last_words()
        text = self._said().decode(errors="replace")
        advice = next((advice for cause, advice in ADVICE if cause in text), self._last_advice())
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        words = " | ".join(lines[-LAST_LINES:]) or "it said nothing"
        return f"{words}; {advice.format(data=data)} (log: {self.path})"

    def _last_advice(self) -> str:
        # A full disk takes the words with it, or a server dies of it without saying so.
        full = shutil.disk_usage(self.path.parent).free < LOW_DISK_BYTES
        return DISK_FULL if full else OTHERWISE

    def _said(self) -> bytes:
        if not self.path.exists():
            return b""
        with self.path.open("rb") as file:
            # What is shorter than it was has been begun anew.
            size = os.fstat(file.fileno()).st_size
            file.seek(self._start if size >= self._start else 0)
            return file.read()

    def _start_keeper(self, source: int) -> None:
        self._forget_keeper()
        # Its standard output says nothing; that it is closed tells that the keeper is gone.
        self._told, told = os.pipe()
        try:
            subprocess.run(
                [*DETACH_READING, sys.executable, "-I", "-S", str(KEEPER), str(self.path)],
                check=True,
                env={},
                stdin=source,
                stdout=told,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(told)
            os.close(source)

    def _forget_keeper(self) -> None:
        told, self._told = self._told, None
        if told is not None:
            os.close(told)
