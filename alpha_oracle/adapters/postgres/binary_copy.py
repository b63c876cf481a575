"""Postgres's binary COPY as arrays.

Rows go in as one array of records of a fixed length, for every column has a fixed width and no
value is missing. They come out packed by the server, one value of bytes a column and group, so
that neither way touches a row by itself.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import DTypeLike, NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = 10_957
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = struct.pack(">h", -1)
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class PackedColumns:
    """Columns of rows that came in groups: `values[name]` holds one array a group."""

    groups: tuple[int, ...]
    values: Mapping[str, Sequence[NDArray[np.generic]]]


def copy_in(cursor: Cursor, table: str, columns: Mapping[str, NDArray[np.generic]]) -> None:
    """Copy arrays of one length into a table's columns of the same names and widths."""
    cursor.copy_expert(
        f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)",
        _Chunks(encode_rows(tuple(columns.values()))),
        size=_CHUNK_BYTES,
    )


def encode_rows(columns: Sequence[NDArray[np.generic]]) -> Iterator[bytes]:
    """Yield the binary COPY of rows whose columns these are, a megabyte at a time."""
    layout = _row_layout(columns)
    blank = np.zeros(1, layout)
    blank["fields"] = len(columns)
    for number, column in enumerate(columns):
        blank[f"width{number}"] = column.dtype.itemsize
    step = max(1, _CHUNK_BYTES // layout.itemsize)
    yield _HEADER
    for start in range(0, len(columns[0]), step):
        chunk = [column[start : start + step] for column in columns]
        rows = np.frombuffer(bytearray(blank.tobytes() * len(chunk[0])), layout)
        for number, column in enumerate(chunk):
            rows[f"value{number}"] = column
        yield rows.tobytes()
    yield _TRAILER


def copy_out(cursor: Cursor, query: str, types: Mapping[str, DTypeLike]) -> PackedColumns:
    """Run a query of a group's number and its packed columns, in the order of `types`.

    A type is how the server packed a value, big-endian as all it sends.
    """
    stream = io.BytesIO()
    cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", stream)
    return decode_groups(stream.getbuffer(), types)


def decode_groups(stream: memoryview, types: Mapping[str, DTypeLike]) -> PackedColumns:
    """Read the binary COPY of groups; the arrays are views into it."""
    names = tuple(types)
    groups: list[int] = []
    values: dict[str, list[NDArray[np.generic]]] = {name: [] for name in names}
    at = len(_HEADER)
    while stream[at : at + 2] != _TRAILER:
        groups.append(struct.unpack_from(">i", stream, at + 6)[0])
        at += 10
        for name in names:
            (size,) = struct.unpack_from(">i", stream, at)
            values[name].append(np.frombuffer(stream[at + 4 : at + 4 + size], types[name]))
            at += 4 + size
    return PackedColumns(tuple(groups), values)


def to_postgres_days(days: NDArray[np.datetime64]) -> NDArray[np.int32]:
    """Days as the server counts them."""
    return (days.astype("datetime64[D]").astype(np.int64) - _EPOCH_DAY).astype(np.int32)


def from_postgres_days(days: NDArray[np.generic]) -> NDArray[np.datetime64]:
    """Days as numpy counts them."""
    return (days.astype(np.int64) + _EPOCH_DAY).astype("datetime64[D]")


def to_postgres_instant(instant: datetime) -> int:
    """An instant as the server counts it."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _row_layout(columns: Sequence[NDArray[np.generic]]) -> np.dtype[np.void]:
    fields: list[tuple[str, DTypeLike]] = [("fields", ">i2")]
    for number, column in enumerate(columns):
        fields += [(f"width{number}", ">i4"), (f"value{number}", column.dtype.newbyteorder(">"))]
    return np.dtype(fields)


class _Chunks(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks

    def read(self, _size: int = -1, /) -> bytes:
        return next(self._chunks, b"")
