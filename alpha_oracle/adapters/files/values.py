"""Turns columns of text into tickers, sessions and numbers, and marks what is none of these."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.errors import DataError, UnknownSymbol

_ISO: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NUMBER: Final = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
MISSING_WORDS: Final = ("", "null", "nan", "na", "n/a", "none")
"""What exports write, in any case, where there is no value."""

_LAST_MONTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """A column as float64, NaN where nothing stood; `bad` marks text that is no number."""

    values: NDArray[np.float64]
    bad: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tickers:
    """A column as positions in `symbols`; -1 where the text is no ticker."""

    symbols: tuple[Symbol, ...]
    codes: NDArray[np.int32]


def to_numbers(column: pa.ChunkedArray, *, name: str, path: object) -> Numbers:
    """Read a column as numbers; float32 widens exactly, text is read digit by digit.

    Raises:
        DataError: the column's type holds no numbers.
    """
    if not _is_text(column.type):
        return _typed_numbers(column, name=name, path=path)
    try:
        return _finished(column.cast(pa.float64()), none_bad=len(column))
    except pa.ArrowInvalid:
        return _mixed_numbers(column)


def to_tickers(column: pa.ChunkedArray, *, spelling: Callable[[str], str] = str) -> Tickers:
    """Read a column as tickers; `spelling` takes away what an export adds to them."""
    texts, codes = _distinct(column)
    parsed = [_ticker(spelling(text)) for text in texts]
    symbols = tuple(sorted({symbol for symbol in parsed if symbol is not None}))
    place = {symbol: position for position, symbol in enumerate(symbols)}
    table = [-1 if symbol is None else place[symbol] for symbol in parsed]
    return Tickers(symbols=symbols, codes=_looked_up(table, codes, missing=-1).astype(np.int32))


def to_sessions(column: pa.ChunkedArray, *, path: object) -> NDArray[np.datetime64]:
    """Read a column as dates, as written there: no time zone is applied; NaT where it is none.

    Raises:
        DataError: dates like 03/04/2016 leave open which figure is the month.
    """
    if pa.types.is_timestamp(column.type):
        local = pc.local_timestamp(column) if column.type.tz else column
        column = local.cast(pa.date32(), safe=False)
    if pa.types.is_date(column.type):
        return _dates(column.cast(pa.date32()).to_numpy())
    texts, codes = _distinct(column.cast(pa.string()))
    parsed = parse_dates(texts, path=path)
    table = np.array([np.datetime64(day or "NaT", "D") for day in parsed], dtype="datetime64[D]")
    return _dates(_looked_up(table, codes, missing=np.datetime64("NaT", "D")))


def parse_dates(texts: Sequence[str], *, path: object) -> list[date | None]:
    """Read dates: ISO (a time behind it is ignored), YYYYMMDD, or MM/DD/YYYY.

    Raises:
        DataError: as `to_sessions`.
    """
    _require_month_first([text for text in texts if _SLASHED.fullmatch(text.strip())], path=path)
    return [_date(text.strip()) for text in texts]


def _require_month_first(slashed: Sequence[str], *, path: object) -> None:
    figures = [tuple(int(part) for part in text.strip().split("/")) for text in slashed]
    if not figures:
        return
    if any(first > _LAST_MONTH for first, _, _ in figures):
        raise DataError(f"{path}: dates like {slashed[0]} are not MM/DD/YYYY; write YYYY-MM-DD")
    if all(second <= _LAST_MONTH for _, second, _ in figures):
        raise DataError(
            f"{path}: dates like {slashed[0]} leave open which figure is the month; "
            "write YYYY-MM-DD"
        )


def _date(text: str) -> date | None:
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = match.groups()
    elif match := _SLASHED.fullmatch(text):
        month, day, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _ticker(text: str) -> Symbol | None:
    try:
        return parse_symbol(text)
    except UnknownSymbol:
        return None


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def _typed_numbers(column: pa.ChunkedArray, *, name: str, path: object) -> Numbers:
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        raise DataError(f"{path}: column {name} holds {kind}, not numbers")
    return _finished(column.cast(pa.float64(), safe=False), none_bad=len(column))


def _finished(column: pa.ChunkedArray, *, none_bad: int) -> Numbers:
    values = column.fill_null(float("nan")).to_numpy()
    return Numbers(values=values, bad=np.zeros(none_bad, dtype=np.bool_))


def _mixed_numbers(column: pa.ChunkedArray) -> Numbers:
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    missing = pc.is_in(pc.utf8_lower(text), value_set=pa.array(MISSING_WORDS))
    readable = pc.match_substring_regex(text, _NUMBER)
    absent = pc.or_(missing, pc.is_null(text))
    bad = pc.and_(pc.invert(absent), pc.invert(readable.fill_null(False)))
    numbers = pc.if_else(readable, text, pa.scalar(None, pa.string())).cast(pa.float64())
    values = numbers.fill_null(float("nan")).to_numpy()
    return Numbers(values=values, bad=bad.to_numpy())


def _distinct(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    array = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return array.dictionary.to_pylist(), codes.astype(np.int64)


def _looked_up(table: object, codes: NDArray[np.int64], *, missing: object) -> NDArray[np.generic]:
    # The entry past the end is where code -1, a null, points.
    values = np.asarray(table)
    kind = values.dtype if len(values) else np.asarray(missing).dtype
    return np.append(values.astype(kind), np.asarray([missing], dtype=kind))[codes]


def _dates(values: NDArray[np.generic]) -> NDArray[np.datetime64]:
    return values.astype("datetime64[D]")
