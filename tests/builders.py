"""Values for tests, each stating only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.bars import BarBatch, BarColumns, ReceivedBars
from alpha_oracle.domain.market import PriceBasis, Symbol
from alpha_oracle.domain.signals import Direction, Signal
from alpha_oracle.features.panel import MarketPanel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alpha_oracle.domain.market import Session

FIRST_SESSION = date(2016, 1, 4)

Row = tuple[str, str, float, float, float, float, float]


def bars(table: str) -> BarColumns:
    """Bars from lines of `SYMBOL SESSION OPEN HIGH LOW CLOSE VOLUME`; `-` is a value not given."""
    return bars_of_rows(_row(line.split()) for line in table.strip().splitlines() if line.strip())


def bars_of_closes(
    closes: Mapping[str, Sequence[float]], *, start: Session = FIRST_SESSION, volume: float = 1000
) -> BarColumns:
    """Bars on consecutive sessions that open, stay and close at the given prices; NaN: no bar."""
    return bars_of_rows(
        (symbol, session.isoformat(), price, price, price, price, volume)
        for symbol, prices in closes.items()
        for session, price in zip(sessions_from(start, count=len(prices)), prices, strict=True)
        if price == price  # noqa: PLR0124 - NaN alone differs from itself.
    )


def bars_of_rows(rows: Iterable[Row]) -> BarColumns:
    """Bars from rows in any order, brought into the order bars travel in."""
    ordered = sorted(rows, key=lambda row: row[:2])
    symbols = sorted({row[0] for row in ordered})
    values = np.array([row[2:] for row in ordered], dtype=np.float64).reshape(-1, 5)
    return BarColumns(
        symbols=tuple(map(Symbol, symbols)),
        symbol_index=np.array([symbols.index(row[0]) for row in ordered], dtype=np.int32),
        session=np.array([row[1] for row in ordered], dtype="datetime64[D]"),
        open=values[:, 0].copy(),
        high=values[:, 1].copy(),
        low=values[:, 2].copy(),
        close=values[:, 3].copy(),
        volume=values[:, 4].copy(),
    )


def received(
    columns: BarColumns | str,
    *,
    source: str = "files",
    basis: PriceBasis = PriceBasis.RAW,
    adjusted_through: Session | None = None,
) -> ReceivedBars:
    """What a source answered: bars, or a table of them."""
    return ReceivedBars(
        bars=bars(columns) if isinstance(columns, str) else columns,
        batch=BarBatch(source=source, basis=basis, adjusted_through=adjusted_through),
    )


def sessions_from(start: Session = FIRST_SESSION, *, count: int) -> tuple[Session, ...]:
    """`count` consecutive sessions from the first one on or after `start`."""
    first = start if calendar.is_session(start) else calendar.next_session_after(start)
    if count == 0:
        return ()
    return calendar.sessions_between(first, calendar.shift_session(first, count - 1))


def a_panel(*, symbols: int = 12, sessions: int = 300, seed: int = 7) -> MarketPanel:
    """A small random market without corporate actions; every symbol a member throughout."""
    random = np.random.default_rng(seed)
    shape = (sessions, symbols)
    close = 50.0 * np.exp(np.cumsum(random.normal(0.0004, 0.015, shape), axis=0))
    open_ = close * np.exp(random.normal(0.0, 0.006, shape))
    names = tuple(Symbol(f"SYN{number:03d}") for number in range(1, symbols + 1))
    return MarketPanel(
        sessions=np.array(sessions_from(count=sessions), dtype="datetime64[D]"),
        symbols=names,
        open=open_,
        high=np.maximum(open_, close) * np.exp(np.abs(random.normal(0.0, 0.005, shape))),
        low=np.minimum(open_, close) * np.exp(-np.abs(random.normal(0.0, 0.005, shape))),
        close=close,
        volume=np.rint(random.lognormal(13.0, 0.5, shape)),
        traded_open=open_.copy(),
        traded_close=close.copy(),
        split=np.ones(shape),
        dividend=np.zeros(shape),
        is_member=np.ones(shape, dtype=np.bool_),
    )


def a_signal(**changes: Any) -> Signal:
    """A LONG of SYN001 by MomentumStrategy on the first session, but for the fields given."""
    session = changes.get("session", FIRST_SESSION)
    ordinary = Signal(
        session=session,
        strategy="MomentumStrategy",
        symbol=Symbol("SYN001"),
        direction=Direction.LONG,
        strength=0.5,
        decided_at=calendar.decision_instant(session),
        expires_at=calendar.session_close(calendar.next_session_after(session)),
        min_hold_days=2,
        max_hold_days=20,
        reference_price=100.0,
        win_rate=0.55,
        avg_win_loss_ratio=1.5,
    )
    return replace(ordinary, **changes)


def _row(fields: list[str]) -> Row:
    symbol, session, *values = fields
    opened, high, low, close, volume = (
        np.nan if value == "-" else float(value) for value in values
    )
    return symbol, session, opened, high, low, close, volume
