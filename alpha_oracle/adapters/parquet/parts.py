"""One part of the feature cache: a file of some features over some sessions, written once.

Values lie session by session, one float32 column a feature, so that new sessions are small files
of their own and a backtest reads only the columns and row groups it asks for; what it reads of a
column is decoded to one piece of memory. The footer says what formulas and what input they follow
from, with a checksum of each column's values in each row group; the name says whether that footer
is whole.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from xxhash import xxh3_64_intdigest

from alpha_oracle.adapters.parquet.footers import BrokenPart, PartHeader

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float32]

METADATA_KEY: Final = b"alpha_oracle.features"
SESSIONS_A_GROUP: Final = 256
"""A year: what is read for one session of it, and the longer, the faster the whole is read."""
UNFINISHED: Final = ".unfinished"
SAMPLE: Final = 1 << 14
WORTH_PACKING: Final = 0.85


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footer:
    """What a part holds, and where in its file: checked, and not to be read again."""

    header: PartHeader
    places: pq.FileMetaData


def checksums(values: Values) -> tuple[int, ...]:
    """Return a checksum of each row group's values, `sessions x symbols` from a group's first on.

    XXH3 of the bits as they lie in memory: what is read is what was written, whatever a file
    system, a codec or the memory between did to it, and it costs no more than looking at them.
    """
    return tuple(
        xxh3_64_intdigest(values[row : row + SESSIONS_A_GROUP].data)
        for row in range(0, len(values), SESSIONS_A_GROUP)
    )


def write_part(folder: Path, header: PartHeader, values: Mapping[str, Values]) -> Path:
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


def _write(path: Path, header: PartHeader, values: Mapping[str, Values]) -> None:
    # NaN is a value: a column that may hold nulls takes levels beside them, and a copy to read.
    schema = pa.schema([pa.field(name, pa.float32(), nullable=False) for name in header.columns])
    arrays = [pa.array(values[name].reshape(-1), type=pa.float32()) for name in header.columns]
    packed = {name for name in header.columns if _is_worth_packing(values[name])}
    with pq.ParquetWriter(
        path,
        schema,
        # Read far more often than written: half the time of zstd for a twentieth more space.
        compression={name: "lz4" if name in packed else "none" for name in header.columns},
        # Dictionaries of floats cost four times the write and half again the size.
        use_dictionary=False,
        use_byte_stream_split=list(packed),
        write_statistics=False,
        store_schema=False,
    ) as writer:
        writer.write_table(
            pa.Table.from_arrays(arrays, schema=schema),
            row_group_size=SESSIONS_A_GROUP * max(1, len(header.symbols)),
        )
        writer.add_key_value_metadata({METADATA_KEY: header.encoded()})


def _is_worth_packing(values: Values) -> bool:
    # By its newest values. Half the features are too random to lose more than a tenth, and would
    # take a quarter longer to read: those lie as they are.
    newest = values.reshape(-1)[-SAMPLE:]
    split = newest.view(np.uint8).reshape(-1, newest.itemsize).T.tobytes()
    return len(pa.compress(split, codec="lz4_raw", asbytes=True)) < WORTH_PACKING * len(split)


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
    """An open part.

    `footers` are those checked before, by the part's name: a part is written once, so what it
    holds never changes. Its values are checked each time they are read.

    Raises:
        BrokenPart: the file is not what its name says.
        OSError: it was removed meanwhile, or the system would not open it.
    """

    def __init__(self, path: Path, footers: MutableMapping[str, Footer]) -> None:
        known = footers.get(path.name)
        try:
            # Safe to map: parts are replaced and removed, never cut short while they are open.
            self._file = pq.ParquetFile(
                path, memory_map=True, metadata=None if known is None else known.places
            )
        except (OSError, ValueError) as error:
            raise _broken(error) from error
        if known is None:
            known = footers[path.name] = self._checked_footer(path.name)
        self.header = known.header

    def _checked_footer(self, file_name: str) -> Footer:
        places = self._file.metadata
        encoded = (places.metadata or {}).get(METADATA_KEY, b"")
        header = PartHeader.decoded(encoded, file_name=file_name)
        if places.num_rows != len(header.sessions) * len(header.symbols):
            raise BrokenPart("the footer does not match what is there")
        return Footer(header=header, places=places)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def read(self, names: Sequence[str], *, first: int, stop: int) -> dict[str, Values]:
        """Return features on the part's sessions from `first` to before `stop`, as it holds them.

        The values, `sessions x symbols` of the part, are read-only.

        Raises:
            BrokenPart: the values are not those that were written.
            OSError: the system would not read it.
        """
        groups = range(first // SESSIONS_A_GROUP, (stop - 1) // SESSIONS_A_GROUP + 1)
        try:
            table = self._file.read_row_groups(list(groups), columns=list(names), use_threads=False)
        except (OSError, ValueError) as error:
            raise _broken(error) from error
        skipped = groups.start * SESSIONS_A_GROUP
        return {
            name: self._checked(name, column, groups)[first - skipped : stop - skipped]
            for name, column in zip(
                names, table.select(names).combine_chunks().columns, strict=True
            )
        }

    def _checked(self, name: str, column: pa.ChunkedArray, groups: range) -> Values:
        values: Values = column.chunk(0).to_numpy().reshape(-1, len(self.header.symbols))
        if checksums(values) != self.header.columns[name].checksums[groups.start : groups.stop]:
            raise BrokenPart(f"{name} is not what was written")
        return values
