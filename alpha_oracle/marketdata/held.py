"""Bars held back: how a received row is written down, and how it is read back to be stored."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.bars import BarBatch, BarColumns, QuarantinedBar, ReceivedBars
from alpha_oracle.domain.market import PriceBasis, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import UnreadableRow

HELD: Final = "held"
UNREADABLE: Final = "readable"
_VALUES: Final = ("open", "high", "low", "close", "volume")
_BASIS: Final = "prices"
_THROUGH: Final = "adjusted_through"
_REASON: Final = "reason"
_EARLIER: Final = "earlier_closes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadBack:
    """Held bars of one origin as they were received, with the id of each."""

    received: ReceivedBars
    quarantine_ids: tuple[int, ...]


def held_bar(
    received: ReceivedBars,
    row: int,
    *,
    expectations: tuple[str, ...],
    detail: str,
    at: datetime,
    earlier: str = "",
) -> QuarantinedBar:
    """Write down a received bar that failed expectations; its numbers come back exactly.

    `earlier` are the `earlier_closes` it came with, where they are why it is held.
    """
    bars, batch = received.bars, received.batch
    further = {_REASON: batch.reason, _EARLIER: earlier}
    values = {name: repr(float(getattr(bars, name)[row])) for name in _VALUES}
    through = batch.adjusted_through
    return QuarantinedBar(
        quarantine_id=0,
        symbol=bars.symbols[bars.symbol_index[row]],
        session=str(bars.session[row]),
        source=batch.source,
        expectations=expectations,
        detail=detail,
        received={
            **values,
            _BASIS: batch.basis.value,
            _THROUGH: "" if through is None else through.isoformat(),
            **{name: text for name, text in further.items() if text},
        },
        quarantined_at=at,
        status=HELD,
    )


def held_unreadable(row: UnreadableRow, batch: BarBatch, *, at: datetime) -> QuarantinedBar:
    """Write down a row nobody could read."""
    return QuarantinedBar(
        quarantine_id=0,
        symbol=row.symbol,
        session=row.session,
        source=batch.source,
        expectations=(UNREADABLE,),
        detail=row.reason,
        received=dict(row.received),
        quarantined_at=at,
        status=HELD,
    )


def earlier_closes(received: ReceivedBars, rows: NDArray[np.intp]) -> str:
    """Write down closes of one symbol that came along with a bar: `2016-01-04 10.5, ...`."""
    bars = received.bars
    return ", ".join(f"{bars.session[row]} {float(bars.close[row])!r}" for row in rows.tolist())


def earlier_bars(bar: QuarantinedBar) -> ReceivedBars:
    """Return the closes that a held bar came along with, as bars of those closes alone."""
    told = [entry.split() for entry in bar.received.get(_EARLIER, "").split(", ") if entry]
    closes = np.array([float(close) for _, close in told], dtype=np.float64)
    columns = BarColumns(
        symbols=(Symbol(bar.symbol),) if told else (),
        symbol_index=np.zeros(len(told), dtype=np.int32),
        session=np.array([session for session, _ in told], dtype="datetime64[D]"),
        open=closes,
        high=closes,
        low=closes,
        close=closes,
        volume=np.zeros(len(told)),
    )
    return ReceivedBars(bars=columns, batch=_origin(bar))


def is_whole(bar: QuarantinedBar) -> bool:
    """Whether all that a stored bar needs was received: five finite values and a positive close."""
    if UNREADABLE in bar.expectations:
        return False
    values = [float(bar.received[name]) for name in _VALUES]
    return bool(np.isfinite(values).all()) and float(bar.received["close"]) > 0


def read_back(bars: Iterable[QuarantinedBar]) -> list[ReadBack]:
    """Return held bars as they were received, one load for each origin they came from."""
    origins: dict[BarBatch, list[QuarantinedBar]] = defaultdict(list)
    for bar in bars:
        origins[_origin(bar)].append(bar)
    return [_load(batch, group) for batch, group in origins.items()]


def _origin(bar: QuarantinedBar) -> BarBatch:
    through = bar.received[_THROUGH]
    return BarBatch(
        source=bar.source,
        basis=PriceBasis(bar.received[_BASIS]),
        adjusted_through=date.fromisoformat(through) if through else None,
        reason=bar.received.get(_REASON, ""),
    )


def _load(batch: BarBatch, group: Sequence[QuarantinedBar]) -> ReadBack:
    ordered = sorted(group, key=lambda bar: (bar.symbol, bar.session))
    symbols = sorted({bar.symbol for bar in ordered})
    place = {symbol: position for position, symbol in enumerate(symbols)}
    values = {
        name: np.array([float(bar.received[name]) for bar in ordered], dtype=np.float64)
        for name in _VALUES
    }
    columns = BarColumns(
        symbols=tuple(map(Symbol, symbols)),
        symbol_index=np.array([place[bar.symbol] for bar in ordered], dtype=np.int32),
        session=np.array([bar.session for bar in ordered], dtype="datetime64[D]"),
        **values,
    )
    return ReadBack(
        received=ReceivedBars(bars=columns, batch=batch),
        quarantine_ids=tuple(bar.quarantine_id for bar in ordered),
    )
