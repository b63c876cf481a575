"""Gathers what the store knows of a batch's symbols, so that the batch can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.calendar import first_session, sessions_between, shift_session
from alpha_oracle.domain.bars import BarColumns, StoredBars
from alpha_oracle.marketdata.validation.context import ValidationBounds, ValidationContext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarBatch, ReceivedBars
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.ports.bars import BarStore

OVERLAP_SESSIONS: Final = 5
LONGEST_GAP_SESSIONS: Final = 63
_VALUES: Final = ("open", "high", "low", "close", "volume")


def validation_context(
    received: ReceivedBars,
    stores: MarketStores,
    *,
    bounds: ValidationBounds,
    latest: Session,
    at: datetime,
) -> ValidationContext:
    """Read the facts a batch is judged by: stored bars of its symbols, and corporate actions."""
    symbols = present_symbols(received.bars)
    return ValidationContext(
        bounds=bounds,
        latest=latest,
        at=at,
        stored=known_bars(received.bars, stores.bars, bounds=bounds, at=at),
        actions=stores.reference.actions(symbols=symbols) if symbols else (),
    )


def overlap_starts(
    store: BarStore, symbols: Sequence[Symbol], *, before: Session
) -> dict[Symbol, Session]:
    """Return from which session on a source's bars can be held against ours, by symbol.

    That is where the last five sessions up to a symbol's newest stored bar begin. A symbol without
    a bar in the 63 sessions before has none: what it was then says little of what it is now.
    """
    stored = store.last_bars_before(before, symbols).bars if symbols else None
    if stored is None:
        return {}
    oldest = _session_before(before, count=LONGEST_GAP_SESSIONS)
    newest: list[Session] = stored.session.astype("datetime64[D]").tolist()
    starts = {
        session: _session_before(session, count=OVERLAP_SESSIONS - 1)
        for session in set(newest)
        if session >= oldest
    }
    return {
        stored.symbols[code]: starts[session]
        for code, session in zip(stored.symbol_index.tolist(), newest, strict=True)
        if session in starts
    }


def present_symbols(bars: BarColumns) -> tuple[Symbol, ...]:
    """Return the symbols that have a row, ascending."""
    return tuple(bars.symbols[code] for code in np.unique(bars.symbol_index).tolist())


def known_bars(
    bars: BarColumns, store: BarStore, *, bounds: ValidationBounds, at: datetime
) -> StoredBars | None:
    """Return stored bars of the batch's symbols: the last before it, and those within its range.

    Where a symbol's first bar repeats its last stored one, the ones before that come too: they
    tell for how long it has been repeating.
    """
    span = store.span() if len(bars) else None
    if span is None:
        return None
    symbols = present_symbols(bars)
    first, last = bars.session.min().item(), bars.session.max().item()
    parts: list[StoredBars] = []
    if span[0] < first:
        before = store.last_bars_before(first, symbols)
        parts = [before, *_runs_before(bars, before, store, bounds=bounds, at=at)]
    if span[0] <= last and first <= span[1]:
        parts.append(store.load(start=first, end=last, as_of=at, symbols=symbols))
    return _joined(parts)


def _session_before(session: Session, *, count: int) -> Session:
    # The calendar's first where that is later.
    return sessions_between(first_session(), session)[-(count + 1) :][0]


def _runs_before(
    bars: BarColumns,
    before: StoredBars,
    store: BarStore,
    *,
    bounds: ValidationBounds,
    at: datetime,
) -> list[StoredBars]:
    firsts = _first_rows(bars)
    stored = before.bars
    repeating = [
        row
        for row, code in enumerate(stored.symbol_index.tolist())
        if _same(stored, row, bars, firsts[stored.symbols[code]])
    ]
    if not repeating:
        return []
    sessions = stored.session[repeating]
    first, last = sessions.min().item(), sessions.max().item()
    run = store.load(
        start=shift_session(first, -bounds.max_stale_sessions),
        end=last,
        as_of=at,
        symbols=[stored.symbols[stored.symbol_index[row]] for row in repeating],
    )
    return [run]


def _first_rows(bars: BarColumns) -> dict[Symbol, int]:
    codes, rows = np.unique(bars.symbol_index, return_index=True)
    return {
        bars.symbols[code]: row for code, row in zip(codes.tolist(), rows.tolist(), strict=True)
    }


def _same(first: BarColumns, row: int, second: BarColumns, other: int) -> bool:
    return all(getattr(first, name)[row] == getattr(second, name)[other] for name in _VALUES)


def _joined(parts: Sequence[StoredBars]) -> StoredBars | None:
    filled = [part for part in parts if len(part.bars)]
    if len(filled) <= 1:
        return filled[0] if filled else None
    symbols = tuple(sorted({symbol for part in filled for symbol in part.bars.symbols}))
    batches: tuple[BarBatch, ...] = tuple(batch for part in filled for batch in part.batches)
    offsets = np.cumsum([0, *(len(part.batches) for part in filled)]).tolist()
    codes = np.concatenate([_recoded(part.bars, symbols) for part in filled])
    sessions = np.concatenate([part.bars.session for part in filled])
    batch_index = np.concatenate(
        [part.batch_index + offset for part, offset in zip(filled, offsets, strict=False)]
    )
    rows = _ordered_once(codes, sessions)
    values = {
        name: np.concatenate([getattr(part.bars, name) for part in filled])[rows]
        for name in _VALUES
    }
    bars = BarColumns(symbols=symbols, symbol_index=codes[rows], session=sessions[rows], **values)
    return StoredBars(bars=bars, batch_index=batch_index[rows].astype(np.int32), batches=batches)


def _recoded(bars: BarColumns, symbols: Sequence[Symbol]) -> NDArray[np.int32]:
    place = {symbol: position for position, symbol in enumerate(symbols)}
    table = np.array([place[symbol] for symbol in bars.symbols], dtype=np.int32)
    recoded: NDArray[np.int32] = table[bars.symbol_index]
    return recoded


def _ordered_once(codes: NDArray[np.int32], sessions: NDArray[np.datetime64]) -> NDArray[np.intp]:
    # The same bar may have come with two of the parts.
    order = np.lexsort((sessions, codes))
    again = np.zeros(len(order), dtype=np.bool_)
    again[1:] = (np.diff(codes[order]) == 0) & (sessions[order][1:] == sessions[order][:-1])
    return order[~again]
