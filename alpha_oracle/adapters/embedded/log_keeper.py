"""A program that writes what it reads to a log file of bounded size: `python log_keeper.py PATH`.

It reads what one process and its children write until the last of them is gone, and lives as long
as they do, whoever started them. Nothing of ours is imported: it starts in a moment and stays
small. A disk that takes nothing costs the lines that come meanwhile, never the writer's time.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 10_000_000
KEPT: Final = 3
"""How many full files are kept beside the one that grows."""

CHUNK_BYTES: Final = 65_536
CLOSED: Final = -1
ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Keeper:
    """The file that grows, and the full ones: `x.log`, `x.log.1` (the newest) to `x.log.3`."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._fd = CLOSED
        self._lost_bytes = 0
        self._is_mid_line = False

    def write(self, chunk: bytes) -> None:
        """Append it; a file that is full is set aside between two lines."""
        try:
            self._open()
            self._note_loss()
            for part in self._parts(chunk):
                self._append(part)
        except OSError:
            self._lost_bytes += len(chunk)
            self.close()

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, CLOSED
        if fd != CLOSED:
            os.close(fd)

    def _open(self) -> None:
        # A file that somebody moved or removed is begun anew.
        if self._fd != CLOSED and not self._is_in_place():
            self.close()
        if self._fd == CLOSED:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._is_mid_line = False

    def _is_in_place(self) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._fd), self._path.stat())
        return False

    def _note_loss(self) -> None:
        if self._lost_bytes:
            self._append(b"\n[%d bytes could not be written]\n" % self._lost_bytes)
            self._lost_bytes = 0

    def _parts(self, chunk: bytes) -> tuple[bytes, bytes]:
        # The line that is being written is ended in the file that it began in.
        cut = chunk.find(b"\n") + 1 if self._is_mid_line else 0
        return chunk[:cut], chunk[cut:]

    def _append(self, part: bytes) -> None:
        if not part:
            return
        if self._is_full_with(part):
            self._set_aside()
        self._is_mid_line = not part.endswith(b"\n")
        left = memoryview(part)
        while left:
            left = left[os.write(self._fd, left) :]

    def _is_full_with(self, part: bytes) -> bool:
        size = os.fstat(self._fd).st_size
        # A line without an end must not fill the disk either.
        bound = 2 * self._max_bytes if self._is_mid_line else self._max_bytes
        return size > 0 and size + len(part) > bound

    def _set_aside(self) -> None:
        self.close()
        for number in range(self._kept - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._numbered(number).replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def keep(source: int, keeper: Keeper) -> None:
    """Write all that can be read from a descriptor, until its last writer is gone."""
    while chunk := os.read(source, CHUNK_BYTES):
        keeper.write(chunk)
    keeper.close()


def main() -> None:
    """Keep the log of standard input."""
    for wish in ENDINGS:
        # The last words come after whoever writes them was told to end.
        signal.signal(wish, signal.SIG_IGN)
    keep(sys.stdin.fileno(), Keeper(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
