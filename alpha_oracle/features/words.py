"""Two words a session for what a field of the panel holds on it, and whose it is.

A symbol counts on the sessions it has a bar. What became known while it had none counts from its
next bar on, as no value shows it earlier; a symbol without any bar might as well be absent.
Words of a session are sums, so that the order of symbols does not matter.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alpha_oracle.features.formula import SOURCE_OF, Source
from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from alpha_oracle.features.context import InsiderTrades, KnownValues
    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.panel import MarketPanel

Words: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int16]
Owners: TypeAlias = NDArray[np.int32]
Columns: TypeAlias = tuple[NDArray[np.uint64], ...]

HAS_BAR: Final = "has_bar"

AS_TRADED: Final = ("traded_open", "traded_close", "split", "dividend")
"""Fields of the panel that no feature reads, and every simulation does."""

SINCE_LISTED: Final = {"is_member_since_listed": "is_member", "sector_since_listed": "sector"}
"""Standings of a symbol on every session from its first bar on, also where it has none: a
simulation closes what leaves the universe on such a session."""

# The multipliers of SplitMix64: a changed bit of a value reaches every bit of its word.
FIRST_MULTIPLIER: Final = np.uint64(0xBF58476D1CE4E5B9)
SECOND_MULTIPLIER: Final = np.uint64(0x94D049BB133111EB)
SHIFT: Final = np.uint64(31)


class PanelWords:
    """The words of a panel's fields, by name, and of which symbols have a bar, by `HAS_BAR`."""

    def __init__(self, panel: MarketPanel) -> None:
        self._panel = panel
        self._symbols = _symbol_words(panel.symbols)
        self._has_bar = np.isfinite(panel.close)

    def of(self, name: str) -> Words:
        """Return two words a session for a field."""
        if name == HAS_BAR:
            return self._codes(np.zeros(self._has_bar.shape, np.int16), ("bar",))
        if name in AS_TRADED:
            return self._bars(name)
        if name in SINCE_LISTED:
            listed = np.logical_or.accumulate(self._has_bar, axis=0)
            return self._standing(SINCE_LISTED[name], where=listed)
        ways: Mapping[Source, Callable[[str], Words]] = {
            Source.BARS: self._bars,
            Source.MARKET: self._market,
            Source.REPORTS: lambda name: self._known(self._panel.context.reports, name),
            Source.SHORT_INTEREST: lambda name: self._known(
                self._panel.context.short_interest, name
            ),
            Source.INSIDERS: lambda _: self._trades(self._panel.context.insiders),
            Source.STANDING: self._standing,
        }
        return ways[SOURCE_OF[name]](name)

    def _bars(self, name: str) -> Words:
        # What the first bar's shares have become follows from the splits.
        field = np.ascontiguousarray(
            getattr(self._panel, "split" if name == "split_factor" else name)
        )
        return _block_words(field, field.view(np.uint64), self._has_bar, self._symbols)

    def _market(self, name: str) -> Words:
        level: NDArray[np.float64] | None = getattr(self._panel.context, name)
        if level is None:
            return self._nothing()
        column = np.ascontiguousarray(level)[:, None]
        everywhere = np.ones(column.shape, np.bool_)
        return _block_words(column, column.view(np.uint64), everywhere, _symbol_words((name,)))

    def _known(self, table: KnownValues | None, name: str) -> Words:
        if table is None:
            return self._nothing()
        at = _next_bars(table.offsets, table.row, self._has_bar)
        bits = _bits(table.values[name])
        return _newest_words(table.offsets, at, bits, self._symbols, len(self._has_bar))

    def _trades(self, trades: InsiderTrades | None) -> Words:
        if trades is None:
            return self._nothing()
        at = _next_bars(trades.offsets, trades.row, self._has_bar)
        sessions = len(self._has_bar)
        words = _record_words(trades.offsets, at, _records(trades), self._symbols, sessions)
        one_each = np.arange(len(self._panel.symbols) + 1)
        covered = trades.covered_from.astype(np.int64)
        at = _next_bars(one_each, covered, self._has_bar)
        since = (covered.view(np.uint64),)
        return words + _record_words(one_each, at, since, self._symbols, sessions)

    def _standing(self, name: str, *, where: Mask | None = None) -> Words:
        if name == "is_member":
            codes = np.where(self._panel.is_member, 0, -1)
            return self._codes(codes, ("member",), where=where)
        sector = self._panel.context.sector
        if sector is None:
            return self._nothing()
        return self._codes(sector, self._panel.context.sector_names, where=where)

    def _codes(
        self, codes: NDArray[np.integer], names: Iterable[str], *, where: Mask | None = None
    ) -> Words:
        meanings = _symbol_words(tuple(names))[0]
        counted = self._has_bar if where is None else where
        return _code_words(codes.astype(np.int16), meanings, counted, self._symbols)

    def _nothing(self) -> Words:
        return np.zeros((len(self._has_bar), 2), np.uint64)


def chained(rows: Words, seed: bytes) -> Words:
    """Return two words a row that stand for it, every row before it and the seed of 16 bytes."""
    return _chain(rows, np.frombuffer(seed, dtype=np.uint64))


@lru_cache(maxsize=8)
def _symbol_words(names: tuple[str, ...]) -> Words:
    hashes = (hashlib.blake2b(name.encode(), digest_size=16).digest() for name in names)
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, 2).T.copy()


def _bits(values: NDArray[np.float64]) -> Words:
    # One NaN is as good as another, and so is either zero.
    return np.where(np.isnan(values), np.nan, values + 0.0).view(np.uint64)


def _records(trades: InsiderTrades) -> Columns:
    owner = trades.owner - trades.owner.min(initial=0)
    return (
        trades.row.view(np.uint64),
        trades.position.view(np.uint64),
        trades.sign.astype(np.int64).view(np.uint64),
        _first_of_owner(trades.offsets, owner, owner.max(initial=0) + 1),
        trades.is_purchase.astype(np.uint64),
        trades.is_officer.astype(np.uint64),
        _bits(trades.shares),
        _bits(trades.notional),
    )


@kernel
def _mixed(word: np.uint64) -> np.uint64:
    word *= FIRST_MULTIPLIER
    word = (word ^ (word >> SHIFT)) * SECOND_MULTIPLIER
    return word ^ (word >> SHIFT)


@kernel
def _chain(rows: Words, seed: Words) -> Words:
    out = np.empty((len(rows), 2), np.uint64)
    first, second = seed
    for row in range(len(rows)):
        for word in rows[row]:
            first, second = _mixed(first ^ word), _mixed(second + word)
        out[row, 0], out[row, 1] = first, second
    return out


@kernel
def _block_words(field: Block, bits: Words, has_bar: Mask, symbols: Words) -> Words:
    rows, columns = field.shape
    out = np.zeros((rows, 2), np.uint64)
    for row in range(rows):
        first = second = np.uint64(0)
        for column in range(columns):
            word = _mixed(bits[row, column] ^ symbols[0, column])
            # Stirred once more: as good as mixing the bits anew, at half the multiplications.
            other = (word ^ symbols[1, column]) * FIRST_MULTIPLIER
            known = np.isfinite(field[row, column]) and has_bar[row, column]
            first += word if known else np.uint64(0)
            second += other ^ (other >> SHIFT) if known else np.uint64(0)
        out[row, 0], out[row, 1] = first, second
    return out


@kernel
def _code_words(codes: Codes, meanings: Words, has_bar: Mask, symbols: Words) -> Words:
    rows, columns = codes.shape
    words = np.empty((len(meanings), 2, columns), np.uint64)
    for code in range(len(meanings)):
        for lane in range(2):
            for column in range(columns):
                words[code, lane, column] = _mixed(meanings[code] ^ symbols[lane, column])
    out = np.zeros((rows, 2), np.uint64)
    for row in range(rows):
        for column in range(columns):
            code = codes[row, column]
            if code >= 0 and has_bar[row, column]:
                out[row, 0] += words[code, 0, column]
                out[row, 1] += words[code, 1, column]
    return out


@kernel
def _next_bars(offsets: Rows, row: Rows, has_bar: Mask) -> Rows:
    """Return the first row from each entry's on with a bar of its symbol; past the last, if none.

    Rows before the first session count as that.
    """
    rows = len(has_bar)
    at = np.empty(len(row), np.int64)
    for column in range(len(offsets) - 1):
        for entry in range(offsets[column], offsets[column + 1]):
            place = max(row[entry], 0)
            while place < rows and not has_bar[place, column]:
                place += 1
            at[entry] = place
    return at


@kernel
def _newest_words(offsets: Rows, at: Rows, bits: Words, symbols: Words, rows: int) -> Words:
    """Return words of the entries that change what is known: not of what was replaced unseen."""
    out = np.zeros((rows, 2), np.uint64)
    unknown = np.full(1, np.nan).view(np.uint64)[0]
    for column in range(len(offsets) - 1):
        before = unknown
        for entry in range(offsets[column], offsets[column + 1]):
            replaced = entry + 1 < offsets[column + 1] and at[entry + 1] == at[entry]
            if at[entry] >= rows or replaced or bits[entry] == before:
                continue
            before = bits[entry]
            for lane in range(2):
                out[at[entry], lane] += _mixed(before ^ symbols[lane, column])
    return out


@kernel
def _first_of_owner(offsets: Rows, owner: Owners, owners: int) -> NDArray[np.uint64]:
    """Return, for each trade, how many of its symbol's came before the owner's first.

    An insider's number is of no account: who else there is may change it.
    """
    places = np.empty(len(owner), np.uint64)
    symbol, place = np.full(owners, -1), np.zeros(owners, np.uint64)
    for column in range(len(offsets) - 1):
        for entry in range(offsets[column], offsets[column + 1]):
            who = owner[entry]
            if symbol[who] != column:
                symbol[who], place[who] = column, entry - offsets[column]
            places[entry] = place[who]
    return places


@kernel
def _record_words(offsets: Rows, at: Rows, records: Columns, symbols: Words, rows: int) -> Words:
    out = np.zeros((rows, 2), np.uint64)
    for column in range(len(offsets) - 1):
        for entry in range(offsets[column], offsets[column + 1]):
            if at[entry] >= rows:
                continue
            for lane in range(2):
                word = symbols[lane, column]
                for part in records:
                    word = _mixed(word ^ part[entry])
                out[at[entry], lane] += word
    return out
