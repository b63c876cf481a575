"""Closes of one symbol made comparable, whatever their sources had done to them.

A level is the close as traded, times the splits and dividend factors that went ex since the
symbol's first row: what one share of that day is worth, reinvested. Splits and dividends do not
move it; everything else that moves it is the market, or a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.market import ActionKind
from alpha_oracle.marketdata.validation.timeline import DAY_SPAN, Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import CorporateAction

_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Events:
    code: NDArray[np.int64]
    day: NDArray[np.int64]
    value: NDArray[np.float64]

    @property
    def key(self) -> NDArray[np.int64]:
        return self.code * DAY_SPAN + self.day


def log_levels(rows: Timeline, actions: Sequence[CorporateAction]) -> NDArray[np.float64]:
    """Return the natural logarithm of each row's level; NaN where the close is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        prices = np.where(rows.close > 0, np.log(rows.close), np.nan)
    if not actions or not len(prices):
        return prices
    starts = _first_days(rows)
    splits = _events(rows, actions, ActionKind.SPLIT)
    splits = replace(splits, value=np.log(splits.value))
    is_adjusted = rows.is_split_adjusted | rows.is_fully_adjusted
    split_days = np.where(is_adjusted, rows.through, rows.day)
    split_levels = prices + _sums(splits, rows.code, split_days, starts=starts)
    dividends = _events(rows, actions, ActionKind.DIVIDEND)
    to_traded = -_sums(splits, rows.code, rows.day, starts=starts)
    factors = _dividend_factors(rows, dividends, np.exp(split_levels + to_traded), starts=starts)
    dividend_days = np.where(rows.is_fully_adjusted, rows.through, rows.day)
    return split_levels + _sums(factors, rows.code, dividend_days, starts=starts)


def _first_days(rows: Timeline) -> NDArray[np.int64]:
    first = np.full(len(rows.symbols), np.iinfo(np.int64).max)
    np.minimum.at(first, rows.code, rows.day)
    return first


def _events(rows: Timeline, actions: Sequence[CorporateAction], kind: ActionKind) -> _Events:
    place = {symbol: position for position, symbol in enumerate(rows.symbols)}
    found = sorted(
        (place[action.symbol], action.ex_date.toordinal() - _EPOCH, float(action.value))
        for action in actions
        if action.kind is kind and action.symbol in place
    )
    codes, days, values = zip(*found, strict=True) if found else ((), (), ())
    return _Events(
        code=np.array(codes, dtype=np.int64),
        day=np.array(days, dtype=np.int64),
        value=np.array(values, dtype=np.float64),
    )


def _sums(
    events: _Events,
    codes: NDArray[np.int64],
    days: NDArray[np.int64],
    *,
    starts: NDArray[np.int64],
) -> NDArray[np.float64]:
    # The sum of the symbol's events after its first row and not after the day.
    if not len(events.value):
        return np.zeros(len(codes))
    totals = np.concatenate([[0.0], np.cumsum(events.value)])
    upto = np.searchsorted(events.key, codes * DAY_SPAN + days, side="right")
    before = np.searchsorted(events.key, codes * DAY_SPAN + starts[codes], side="right")
    sums: NDArray[np.float64] = totals[upto] - totals[before]
    return sums


def _dividend_factors(
    rows: Timeline,
    dividends: _Events,
    traded: NDArray[np.float64],
    *,
    starts: NDArray[np.int64],
) -> _Events:
    # The row before the ex-date gives the price the dividend is measured against.
    if not len(dividends.value):
        return dividends
    before = np.searchsorted(rows.key, dividends.key, side="left") - 1
    counts = (before >= 0) & (dividends.day > starts[dividends.code])
    price = np.where(counts, traded[before], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = 1 - dividends.value / price
        values = np.where(kept > 0, -np.log(kept), 0.0)
    is_removed = counts & rows.is_fully_adjusted[before] & (dividends.day <= rows.through[before])
    _undo(values, dividends, price, where=is_removed)
    return replace(dividends, value=values)


def _undo(
    values: NDArray[np.float64],
    dividends: _Events,
    price: NDArray[np.float64],
    *,
    where: NDArray[np.bool_],
) -> None:
    # The price before the ex-date of a fully adjusted source is short of this dividend and of
    # all later ones: from the last back, each found factor makes the price before it whole.
    later: dict[int, float] = {}
    for event in np.flatnonzero(where & (price > 0))[::-1].tolist():
        code = int(dividends.code[event])
        whole = float(price[event]) * np.exp(later.get(code, 0.0))
        values[event] = np.log1p(dividends.value[event] / whole)
        later[code] = later.get(code, 0.0) + float(values[event])
