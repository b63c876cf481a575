"""The feature cache in files: parts are written once, whole, and read only where asked."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np
import structlog

from alpha_oracle.adapters.parquet.footers import (
    NAMES,
    BrokenPart,
    OldPart,
    PartColumn,
    PartHeader,
    encoded_digests,
    sessions_of,
)
from alpha_oracle.adapters.parquet.parts import (
    UNFINISHED,
    Footer,
    PartReader,
    checksums,
    sync_folder,
    write_part,
)
from alpha_oracle.adapters.parquet.search import Search

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.features import CachedFeature, FeatureKey

    Values = NDArray[np.float32]

READERS: Final = 2
WRITERS: Final = 2
VALUES_A_PART: Final = 16 << 20
LOCK_NAME: Final = ".lock"

log = structlog.get_logger()


class ParquetFeatureCache:
    """Feature values under a folder, at most `max_bytes` of them.

    Features are kept together up to `values_a_part` values, or alone.
    Over the bound, the parts that were not read for longest go first.
    """

    def __init__(self, folder: Path, *, max_bytes: int, values_a_part: int = VALUES_A_PART) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._values_a_part = values_a_part
        self._footers: dict[str, Footer] = {}

    def load(
        self,
        keys: Mapping[str, FeatureKey],
        *,
        sessions: NDArray[np.datetime64],
        symbols: Sequence[Symbol],
    ) -> dict[str, CachedFeature]:
        """Return what is cached of each feature; a broken part is removed and counts as a miss."""
        search = Search(keys, sessions=sessions, symbols=symbols)
        parts = iter(self._parts(search.sessions))

        def take_next() -> None:
            for path in parts:
                self._take(path, search)

        # This thread reads as well: what it let go of before is at hand for it alone.
        with ThreadPoolExecutor(READERS - 1) as others:
            reading = [others.submit(take_next) for _ in range(READERS - 1)]
            take_next()
        for other in reading:
            other.result()
        return search.result()

    def save(
        self,
        keys: Mapping[str, FeatureKey],
        values: Mapping[str, Values],
        *,
        sessions: NDArray[np.datetime64],
        symbols: Sequence[Symbol],
    ) -> None:
        """Keep features over all the sessions, some to a part; a disk that refuses is logged.

        Without symbols there is nothing to keep.
        """
        if not symbols:
            return
        days = [str(day) for day in sessions]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._writing(), ThreadPoolExecutor(WRITERS) as writers:
                parts = [
                    writers.submit(self._write, part, values, days, symbols=symbols)
                    for part in _split(
                        keys, width=self._values_a_part // (len(days) * len(symbols))
                    )
                ]
                written = {part.result() for part in parts}
            sync_folder(self._folder)
            self._prune(keep=written)
        except OSError as error:
            log.warning("feature_part_not_written", folder=str(self._folder), reason=str(error))

    def size_bytes(self) -> int:
        """Return what the parts take up."""
        return sum(size for _, size, _ in self._sizes())

    def _take(self, path: Path, search: Search) -> None:
        known = self._footers.get(path.name)
        is_needless = known is not None and not search.wants(known.header)
        if is_needless or not search.lacks(*sessions_of(path)):
            return
        try:
            with closing(PartReader(path, self._footers)) as part:
                if search.take(part):
                    os.utime(path)
        except BrokenPart as broken:
            tell = log.info if isinstance(broken, OldPart) else log.warning
            tell("feature_part_removed", part=path.name, reason=str(broken))
            self._footers.pop(path.name, None)
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("feature_part_not_read", part=path.name, reason=str(error))

    def _write(
        self,
        keys: Mapping[str, FeatureKey],
        values: Mapping[str, Values],
        days: Sequence[str],
        *,
        symbols: Sequence[Symbol],
    ) -> Path:
        digest_of = {name: encoded_digests(key.digests) for name, key in keys.items()}
        digests = list(dict.fromkeys(digest_of.values()))
        part = {name: np.ascontiguousarray(values[name]) for name in keys}
        header = PartHeader(
            sessions=tuple(days),
            symbols=tuple(symbols),
            columns={
                name: PartColumn(
                    definition=key.definition,
                    digests=digests.index(digest_of[name]),
                    checksums=checksums(part[name]),
                )
                for name, key in keys.items()
            },
            digests=tuple(digests),
        )
        return write_part(self._folder, header, part)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        # Writers share the lock; who gets it alone knows that every unfinished file is a dead
        # writer's. The lock ends with its process.
        with (self._folder / LOCK_NAME).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for unfinished in self._folder.glob(f"*{UNFINISHED}"):
                    unfinished.unlink(missing_ok=True)
            except BlockingIOError:
                pass
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield

    def _parts(self, sessions: Sequence[str]) -> list[Path]:
        """Return the parts that reach into the sessions, the longest first."""
        if not sessions:
            return []
        reaching = []
        for path in self._folder.glob(NAMES):
            first, last = sessions_of(path)
            if first <= sessions[-1] and last >= sessions[0]:
                reaching.append((np.datetime64(first) - np.datetime64(last), path.name, path))
        return [path for _, _, path in sorted(reaching)]

    def _sizes(self) -> list[tuple[int, int, Path]]:
        """Return when each part was last read or written, its size and path, oldest first."""
        sizes = []
        for path in self._folder.glob(NAMES):
            try:
                status = path.stat()
            except OSError:
                continue
            sizes.append((status.st_mtime_ns, status.st_size, path))
        return sorted(sizes)

    def _prune(self, *, keep: set[Path]) -> None:
        sizes = self._sizes()
        excess = sum(size for _, size, _ in sizes) - self._max_bytes
        for _, size, path in sizes:
            if excess <= 0:
                return
            if path not in keep:
                path.unlink(missing_ok=True)
                excess -= size
                log.info("feature_part_pruned", part=path.name, size_bytes=size)


def _split(keys: Mapping[str, FeatureKey], *, width: int) -> Iterator[dict[str, FeatureKey]]:
    names = iter(keys)
    while part := {name: keys[name] for name in islice(names, max(1, width))}:
        yield part
