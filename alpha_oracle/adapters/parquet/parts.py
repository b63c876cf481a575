"""One part of the feature cache: a file of some features over some sessions, written once.

Values lie session by session, one float32 column a feature, so that new sessions are small files
of their own and a backtest reads only the columns and row groups it asks for; what it reads of a
column is decoded to one piece of memory. The footer says what formulas and what input they follow
from; the name says whether that footer is whole, a checksum whether each page is.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from numpy.typing import NDArray

FORMAT: Final = 3
METADATA_KEY: Final = b"alpha_oracle.features"
SESSIONS_A_GROUP: Final = 256
"""A year: what is read for one session of it, and the longer, the faster the whole is read."""
SUFFIX: Final = ".parquet"
NAMES: Final = f"????-??-??_????-??-??_*{SUFFIX}"
UNFINISHED: Final = ".unfinished"


class BrokenPart(Exception):  # noqa: N818 - names the state.
    """A file is not the part its name says: torn, changed, or of another format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartColumn:
    """A feature in a part: its formula, and which of the part's lists of digests is its input."""

    definition: str
    digests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHeader:
    """What a part holds. Each list of digests has two words a session, in base 64."""

    sessions: tuple[str, ...]
    symbols: tuple[str, ...]
    columns: Mapping[str, PartColumn]
    digests: tuple[str, ...]

    def encoded(self) -> bytes:
        """The header as its footer keeps it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":")).encode()

    @classmethod
    def decoded(cls, text: bytes) -> PartHeader:
        """Return the header of a footer."""
        fields = json.loads(text)
        if fields.pop("format") != FORMAT:
            raise BrokenPart("another format")
        columns = {name: PartColumn(**column) for name, column in fields["columns"].items()}
        return cls(
            sessions=tuple(fields["sessions"]),
            symbols=tuple(fields["symbols"]),
            columns=columns,
            digests=tuple(fields["digests"]),
        )

    def digests_of(self, name: str) -> NDArray[np.uint64]:
        """Return the digests of a column, two words a session."""
        return _decoded_digests(self.digests[self.columns[name].digests])

    @property
    def file_name(self) -> str:
        """The name of its file: first and last session, and what the header says, hashed."""
        return _file_name(self, self.encoded())


def encoded_digests(digests: NDArray[np.uint64]) -> str:
    """Return digests as a header keeps them."""
    return b64encode(digests.astype("<u8").tobytes()).decode()


@lru_cache(maxsize=512)
def _decoded_digests(encoded: str) -> NDArray[np.uint64]:
    return np.frombuffer(b64decode(encoded), dtype="<u8").reshape(-1, 2)


def _file_name(header: PartHeader, encoded: bytes) -> str:
    checksum = hashlib.blake2b(encoded, digest_size=12).hexdigest()
    return f"{header.sessions[0]}_{header.sessions[-1]}_{checksum}{SUFFIX}"


def sessions_of(path: Path) -> tuple[str, str]:
    """Return the first and last session of a part, from its name."""
    first, last, _ = path.name.split("_")
    return first, last


def write_part(folder: Path, header: PartHeader, values: Mapping[str, NDArray[np.float32]]) -> Path:
    """Write a part whole or not at all, and return its path.

    Its content is on the disk then, its name only once the folder is, by `sync_folder`.
    """
    path = folder / header.file_name
    handle, unfinished = tempfile.mkstemp(suffix=UNFINISHED, dir=folder)
    try:
        _write(Path(unfinished), header, values)
        os.fsync(handle)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return path


def _write(path: Path, header: PartHeader, values: Mapping[str, NDArray[np.float32]]) -> None:
    # NaN is a value: a column that may hold nulls takes levels beside them, and a copy to read.
    schema = pa.schema([pa.field(name, pa.float32(), nullable=False) for name in header.columns])
    arrays = [pa.array(values[name].reshape(-1), type=pa.float32()) for name in header.columns]
    with pq.ParquetWriter(
        path,
        schema,
        # Read far more often than written: half the time of zstd for a twentieth more space.
        compression="lz4",
        # Dictionaries of floats cost four times the write and half again the size.
        use_dictionary=False,
        use_byte_stream_split=True,
        write_statistics=False,
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(
            pa.Table.from_arrays(arrays, schema=schema),
            row_group_size=SESSIONS_A_GROUP * max(1, len(header.symbols)),
        )
        writer.add_key_value_metadata({METADATA_KEY: header.encoded()})


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder's parts to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _broken(error: Exception) -> Exception:
    # The library's own complaints about content carry no error number; the system's do.
    refused_by_system = isinstance(error, OSError) and error.errno is not None
    return error if refused_by_system else BrokenPart(str(error))


class PartReader:
    """An open part, and the names of its features.

    `headers` are those checked before, by the part's name: a part is written once, so what it
    holds never changes. Its pages are checked each time they are read.

    Raises:
        BrokenPart: the file is not what its name says.
        OSError: it was removed meanwhile, or the system would not open it.
    """

    def __init__(self, path: Path, headers: MutableMapping[str, PartHeader]) -> None:
        self._path = path
        self._headers = headers
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        except (OSError, ValueError) as error:
            raise _broken(error) from error
        self.names: Sequence[str] = self._file.schema.names

    @property
    def header(self) -> PartHeader:
        """What the part holds, checked against its name."""
        if self._path.name not in self._headers:
            self._headers[self._path.name] = self._checked_header()
        return self._headers[self._path.name]

    def _checked_header(self) -> PartHeader:
        try:
            encoded = self._file.metadata.metadata[METADATA_KEY]
            header = PartHeader.decoded(encoded)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _broken(error) from error
        expected = len(header.sessions) * len(header.symbols)
        named = _file_name(header, encoded) == self._path.name
        if not named or self._file.metadata.num_rows != expected:
            raise BrokenPart("the footer does not match the name")
        return header

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def read(
        self, names: Sequence[str], *, first: int, stop: int
    ) -> dict[str, NDArray[np.float32]]:
        """Return features on the part's sessions from `first` to before `stop`, as it holds them.

        The values, `sessions x symbols` of the part, are read-only.

        Raises:
            BrokenPart: a page is not what was written.
            OSError: the system would not read it.
        """
        groups = range(first // SESSIONS_A_GROUP, (stop - 1) // SESSIONS_A_GROUP + 1)
        try:
            table = self._file.read_row_groups(list(groups), columns=list(names), use_threads=False)
        except (OSError, ValueError) as error:
            raise _broken(error) from error
        skipped = groups.start * SESSIONS_A_GROUP
        shape = -1, len(self.header.symbols)
        return {
            name: column.chunk(0).to_numpy().reshape(shape)[first - skipped : stop - skipped]
            for name, column in zip(
                names, table.select(names).combine_chunks().columns, strict=True
            )
        }
