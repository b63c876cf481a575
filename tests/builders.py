"""Values for tests, each stating only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.bars import BarBatch, BarColumns, ReceivedBars
from alpha_oracle.domain.market import ActionKind, PriceBasis, Symbol
from alpha_oracle.domain.signals import Direction, Signal
from alpha_oracle.features.panel import MarketPanel
from tests.contexts import a_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

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
    """A small generated market with its splits, dividends and all that is known beside its bars.

    The last symbol lists a third of the way in, the one before it is delisted after two thirds.
    Every symbol with a bar is a member of the universe, but the fifth leaves it halfway.
    """
    days = sessions_from(count=sessions)
    settings = SyntheticSettings(seed=seed, symbols=2 * symbols, start=days[0])
    source = SyntheticBarSource(settings)
    names = source.symbols(days[0])[:symbols]
    answer = source.fetch(names, start=days[0], end=days[-1])
    traded = {
        field: _matrix(answer.bars, getattr(answer.bars, field), days=days, symbols=names)
        for field in ("open", "high", "low", "close", "volume")
    }
    for values in traded.values():
        values[: sessions // 3, -1] = np.nan
        values[2 * sessions // 3 :, -2] = np.nan
    split, dividend = _actions(
        answer, is_there=~np.isnan(traded["close"]), days=days, symbols=names
    )
    shares = np.cumprod(split, axis=0)
    paid = dividend[1:] / np.where(dividend[1:] > 0.0, traded["close"][:-1], 1.0)
    growth = shares.copy()
    growth[1:] *= np.cumprod(1.0 / (1.0 - paid), axis=0)
    is_member = ~np.isnan(traded["close"])
    is_member[sessions // 2 :, 4:5] = False
    return MarketPanel(
        sessions=np.array(days, dtype="datetime64[D]"),
        symbols=names,
        open=traded["open"] * growth,
        high=traded["high"] * growth,
        low=traded["low"] * growth,
        close=traded["close"] * growth,
        volume=traded["volume"] / shares,
        traded_open=traded["open"],
        traded_close=traded["close"],
        split=split,
        dividend=dividend,
        is_member=is_member,
        context=a_context(symbols=symbols, sessions=sessions, seed=seed),
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


def _matrix(
    columns: BarColumns,
    values: NDArray[np.float64],
    *,
    days: Sequence[Session],
    symbols: Sequence[Symbol],
) -> NDArray[np.float64]:
    matrix = np.full((len(days), len(symbols)), np.nan)
    row = np.searchsorted(np.array(days, dtype="datetime64[D]"), columns.session)
    column = np.searchsorted(np.array(symbols), np.array(columns.symbols))[columns.symbol_index]
    matrix[row, column] = values
    return matrix


def _actions(
    answer: ReceivedBars,
    *,
    is_there: NDArray[np.bool_],
    days: Sequence[Session],
    symbols: Sequence[Symbol],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    split, dividend = np.ones(is_there.shape), np.zeros(is_there.shape)
    for action in answer.actions:
        at = days.index(action.ex_date), symbols.index(action.symbol)
        # An action before a symbol's first bar, or after its last, is none of the panel's.
        if is_there[at] and is_there[at[0] - 1, at[1]]:
            values = split if action.kind is ActionKind.SPLIT else dividend
            values[at] = float(action.value)
    return split, dividend
