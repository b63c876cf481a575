"""Opens one CSV or Parquet file as columns of text or numbers; says plainly why it cannot."""

from __future__ import annotations

import csv
import gzip
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

CSV_SUFFIXES: Final = (".csv", ".csv.gz", ".txt", ".txt.gz")
PARQUET_SUFFIXES: Final = (".parquet", ".pq")
SUFFIXES: Final = (*CSV_SUFFIXES, *PARQUET_SUFFIXES)
_DELIMITERS: Final = ",;\t|"
_BLOCK_BYTES: Final = 1 << 24

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLine:
    """A line of a CSV file with too many or too few fields."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """The wanted columns of a file, under their keys; CSV columns are text throughout."""

    table: pa.Table
    broken: tuple[BrokenLine, ...] = ()


def read_table(path: Path, choose: Callable[[Sequence[str]], Mapping[Key, str]]) -> FileTable:
    """Read the columns that `choose` picks from the file's header, renamed to its keys.

    Raises:
        DataError: the file is missing, empty, damaged, without rows, or `choose` refuses it.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist; give a CSV or Parquet file, or a folder of them")
    with _told_plainly(path):
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty; expected a header and rows")
        read = _read_parquet if has_suffix(path, PARQUET_SUFFIXES) else _read_csv
        found = read(path, choose)
    if found.table.num_rows == 0 and not found.broken:
        raise DataError(f"{path} has a header but no rows; nothing was read")
    return found


def has_suffix(path: Path, suffixes: Sequence[str]) -> bool:
    """Whether a file's name ends in one of `suffixes`, in any case."""
    return path.name.lower().endswith(tuple(suffixes))


@contextmanager
def _told_plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8 and try again") from None
    except (EOFError, zlib.error, OSError, pa.ArrowException, csv.Error) as error:
        # What the system refuses has an errno; what a decoder finds has none.
        refusal = error.strerror if isinstance(error, OSError) else None
        if refusal:
            raise DataError(f"{path} cannot be read: {refusal}") from None
        raise DataError(f"{path} is damaged or mislabelled: {_first_line(error)}") from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _read_parquet(path: Path, choose: Callable[[Sequence[str]], Mapping[Key, str]]) -> FileTable:
    with pa_parquet.ParquetFile(path) as file:
        chosen = choose(file.schema_arrow.names)
        table = file.read(columns=list(chosen.values()))
    return FileTable(table=_renamed(table, chosen))


def _read_csv(path: Path, choose: Callable[[Sequence[str]], Mapping[Key, str]]) -> FileTable:
    line = _first_text_line(path)
    delimiter = max(_DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    chosen = choose(names)
    broken: list[BrokenLine] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        reason = f"{row.actual_columns} fields where the header has {row.expected_columns}"
        broken.append(BrokenLine(text=row.text, reason=reason))
        return "skip"

    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, invalid_row_handler=set_aside),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=list(chosen.values()),
        ),
    )
    return FileTable(table=_renamed(table, chosen), broken=tuple(broken))


def _first_text_line(path: Path) -> str:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig") as file:
        line = str(file.readline()).rstrip("\r\n")
    if not line.strip():
        raise DataError(f"{path} begins with an empty line; expected a header")
    return line


def _renamed(table: pa.Table, chosen: Mapping[Key, str]) -> pa.Table:
    return table.select(list(chosen.values())).rename_columns([str(key) for key in chosen])
