"""Reads a file or folder of daily bars. Each row comes back: as a bar, or as unreadable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from alpha_oracle.adapters.files.headers import NUMBERS, Meaning, columns_by_meaning
from alpha_oracle.adapters.files.notes import told_by_factor
from alpha_oracle.adapters.files.tables import SUFFIXES, has_suffix, read_table
from alpha_oracle.adapters.files.values import Numbers, Tickers, to_numbers, to_sessions, to_tickers
from alpha_oracle.calendar import last_session
from alpha_oracle.domain.bars import BarBatch, BarColumns, ReceivedBars, UnreadableRow
from alpha_oracle.domain.market import PriceBasis, Symbol, parse_symbol
from alpha_oracle.errors import DataError, UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session

SOURCE: Final = "files"
_DAILY: Final = frozenset({"D", "d", "1d", "1D", ""})
_EPOCH: Final = np.datetime64("1970-01-01")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadBars:
    """What stood in the files, and what a person should know about how it was read.

    `unadjusted_splits` are the splits that an adjusted close knows and the close still shows as
    jumps, although the prices were declared adjusted.
    """

    received: ReceivedBars
    notes: tuple[str, ...] = ()
    unadjusted_splits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _FileRows:
    symbols: tuple[Symbol, ...]
    codes: NDArray[np.int32]
    sessions: NDArray[np.datetime64]
    numbers: Mapping[Meaning, NDArray[np.float64]]
    unreadable: tuple[UnreadableRow, ...]
    has_adj_close: bool


def read_bars(path: Path, *, prices: PriceBasis) -> ReadBars:
    """Read a CSV or Parquet file of bars, or every such file below a folder.

    With raw prices, an adj_close column gives the corporate actions (`received.actions`).

    Raises:
        DataError: naming the file, what is wrong with it and what to do; nothing is half read.
    """
    rows = _joined([_read_file(file) for file in bar_files(path)])
    if not len(rows.codes) and not rows.unreadable:
        raise DataError(f"{path} holds no rows; nothing was read")
    bars, adj_close = _in_order(rows)
    told = told_by_factor(bars, adj_close if rows.has_adj_close else None, prices=prices)
    through = None if prices is PriceBasis.RAW else _last_day(bars)
    received = ReceivedBars(
        bars=bars,
        batch=BarBatch(source=SOURCE, basis=prices, adjusted_through=through),
        unreadable=rows.unreadable,
        actions=told.actions,
    )
    return ReadBars(received=received, notes=told.notes, unadjusted_splits=told.unadjusted_splits)


def bar_files(path: Path) -> tuple[Path, ...]:
    """Return the bar files a path stands for, ascending.

    Raises:
        DataError: the path is missing, has another ending, or a folder holds none.
    """
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.is_file() and not file.name.startswith(".") and has_suffix(file, SUFFIXES)
        )
        if not found:
            raise DataError(f"{path} holds no bar files; expected {', '.join(SUFFIXES)}")
        return tuple(found)
    if path.exists() and not has_suffix(path, SUFFIXES):
        raise DataError(f"{path} is neither CSV nor Parquet; expected {', '.join(SUFFIXES)}")
    return (path,)


def _read_file(path: Path) -> _FileRows:
    columns: dict[Meaning, str] = {}

    def choose(names: Sequence[str]) -> Mapping[Meaning, str]:
        columns.update(columns_by_meaning(names, path=path))
        return columns

    found = read_table(path, choose)
    table = found.table
    tickers = _tickers(table, columns, path=path)
    sessions = to_sessions(table[Meaning.SESSION], path=path)
    wanted = [*NUMBERS, *(m for m in (Meaning.ADJ_CLOSE,) if m in columns)]
    numbers = {m: to_numbers(table[m], name=columns[m], path=path) for m in wanted}
    faults = _faults(table, tickers, sessions, numbers)
    good = ~np.logical_or.reduce(list(faults.values()))
    broken = tuple(
        UnreadableRow(
            symbol="", session="", reason=line.reason, received=_text(path, {"line": line.text})
        )
        for line in found.broken
    )
    absent = np.full(table.num_rows, np.nan)
    values = {
        m: numbers[m].values if m in numbers else absent for m in (*NUMBERS, Meaning.ADJ_CLOSE)
    }
    return _FileRows(
        symbols=tickers.symbols,
        codes=tickers.codes[good],
        sessions=sessions[good],
        numbers={meaning: column[good] for meaning, column in values.items()},
        unreadable=broken + _unreadable(table, faults, tickers, path=path),
        has_adj_close=Meaning.ADJ_CLOSE in columns,
    )


def _tickers(table: pa.Table, columns: Mapping[Meaning, str], *, path: Path) -> Tickers:
    if Meaning.SYMBOL in columns:
        # Stooq writes <TICKER> and appends the country: AAPL.US.
        is_stooq = Meaning.PERIOD in columns
        return to_tickers(table[Meaning.SYMBOL], spelling=_without_country if is_stooq else str)
    stem = _without_country(path.name.split(".csv")[0].split(".txt")[0].split(".parquet")[0])
    try:
        symbol = parse_symbol(stem)
    except UnknownSymbol:
        raise DataError(
            f"{path} has no symbol column and its name is no ticker; add a symbol column or "
            "name the file after its symbol, like AAPL.csv"
        ) from None
    return Tickers(symbols=(symbol,), codes=np.zeros(table.num_rows, dtype=np.int32))


def _without_country(text: str) -> str:
    return text[:-3] if text.lower().endswith(".us") else text


def _faults(
    table: pa.Table,
    tickers: Tickers,
    sessions: NDArray[np.datetime64],
    numbers: Mapping[Meaning, Numbers],
) -> dict[str, NDArray[np.bool_]]:
    faults = {
        "the symbol is no ticker": tickers.codes < 0,
        "the date is none": np.isnat(sessions),
    }
    for meaning, column in numbers.items():
        if column.bad.any():
            faults[f"{meaning} is no number"] = column.bad
    if Meaning.PERIOD in table.column_names:
        periods = table[Meaning.PERIOD].to_pylist()
        faults["the period is not a day"] = np.array([p not in _DAILY for p in periods], dtype=bool)
    return faults


def _unreadable(
    table: pa.Table,
    faults: Mapping[str, NDArray[np.bool_]],
    tickers: Tickers,
    *,
    path: Path,
) -> tuple[UnreadableRow, ...]:
    rows = np.flatnonzero(np.logical_or.reduce(list(faults.values())))
    texts = table.take(pa.array(rows)).to_pylist()
    found = []
    for row, received in zip(rows.tolist(), texts, strict=True):
        code = tickers.codes[row]
        written = str(received.get(Meaning.SYMBOL) or "")
        reasons = [reason for reason, where in faults.items() if where[row]]
        found.append(
            UnreadableRow(
                symbol=tickers.symbols[code] if code >= 0 else written,
                session=str(received[Meaning.SESSION] or ""),
                reason="; ".join(reasons),
                received=_text(path, received),
            )
        )
    return tuple(found)


def _text(path: Path, received: Mapping[str, object]) -> dict[str, str]:
    values = {key: "" if value is None else str(value) for key, value in received.items()}
    return {**values, "file": path.name}


def _joined(files: Sequence[_FileRows]) -> _FileRows:
    if len(files) == 1:
        return files[0]
    symbols = tuple(sorted({symbol for file in files for symbol in file.symbols}))
    place = {symbol: position for position, symbol in enumerate(symbols)}
    codes = [
        np.array([place[symbol] for symbol in file.symbols], dtype=np.int32)[file.codes]
        for file in files
    ]
    return _FileRows(
        symbols=symbols,
        codes=np.concatenate(codes),
        sessions=np.concatenate([file.sessions for file in files]),
        numbers={
            meaning: np.concatenate([file.numbers[meaning] for file in files])
            for meaning in files[0].numbers
        },
        unreadable=tuple(row for file in files for row in file.unreadable),
        has_adj_close=any(file.has_adj_close for file in files),
    )


def _last_day(bars: BarColumns) -> Session | None:
    # A mistyped year must not count as a day that actions were applied through.
    days = bars.session[bars.session <= np.datetime64(last_session(), "D")]
    last: Session | None = days.max().item() if len(days) else None
    return last


def _in_order(rows: _FileRows) -> tuple[BarColumns, NDArray[np.float64]]:
    days = (rows.sessions - _EPOCH).astype(np.int64)
    key = rows.codes.astype(np.int64) * (1 << 32) + days
    order = slice(None) if bool(np.all(key[1:] >= key[:-1])) else np.argsort(key, kind="stable")
    numbers = {meaning: column[order] for meaning, column in rows.numbers.items()}
    bars = BarColumns(
        symbols=rows.symbols,
        symbol_index=rows.codes[order],
        session=rows.sessions[order],
        open=numbers[Meaning.OPEN],
        high=numbers[Meaning.HIGH],
        low=numbers[Meaning.LOW],
        close=numbers[Meaning.CLOSE],
        volume=numbers[Meaning.VOLUME],
    )
    return bars, numbers[Meaning.ADJ_CLOSE]
