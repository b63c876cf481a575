"""Splits and dividends as steps: what each multiplies a symbol's prices by from its ex-date on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.errors import DataError
from alpha_oracle.features.grid import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.market import ActionKind, CorporateAction
    from alpha_oracle.features.grid import Grid, Positions, Values

EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Actions of one kind after each symbol's first bar, by symbol and ex-date.

    `previous` is the last bar before the ex-date; `values` what was announced.
    """

    columns: Positions
    days: Positions
    values: Values
    previous: Positions

    def __len__(self) -> int:
        return len(self.columns)


def steps(actions: Sequence[CorporateAction], grid: Grid, *, kind: ActionKind) -> Steps:
    """Return the actions of a kind that follow a bar of their symbol."""
    column_of = {symbol: column for column, symbol in enumerate(grid.symbols)}
    rows = sorted(
        (column_of[action.symbol], action.ex_date.toordinal(), float(action.value))
        for action in actions
        if action.kind is kind and action.symbol in column_of
    )
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    columns = table[:, 0].astype(np.int64)
    days = table[:, 1].astype(np.int64) - EPOCH
    previous = grid.priced_before(columns, days)
    after = previous >= 0
    return Steps(
        columns=columns[after],
        days=days[after],
        values=table[after, 2],
        previous=previous[after],
    )


def product_through(of: Steps, factors: Values, *, columns: Positions, days: Positions) -> Values:
    """Return, for each symbol and day, the product of the factors up to that day."""
    out = np.ones(len(columns))
    concerned = np.flatnonzero(np.isin(columns, np.unique(of.columns)))
    if not concerned.size:
        return out
    products = cumulative_by_symbol(of.columns, factors)
    step_keys = keys(of.columns, of.days)
    wanted = columns[concerned]
    passed = np.searchsorted(step_keys, keys(wanted, days[concerned]), side="right")
    none_yet = passed == np.searchsorted(of.columns, wanted)
    out[concerned] = np.where(none_yet, 1.0, products[passed - 1])
    return out


def cumulative_by_symbol(columns: Positions, factors: Values) -> Values:
    """Return running products that begin anew with each symbol."""
    starts = np.flatnonzero(np.diff(columns)) + 1
    return np.concatenate([np.cumprod(part) for part in np.split(factors, starts)])


def at_next_bar(of: Steps, factors: Values, *, grid: Grid) -> Values:
    """Return a matrix of the factors, each on the first bar that trades without the action."""
    out = np.ones(grid.shape)
    bar = grid.priced_from(of.columns, of.days)
    seen = bar >= 0
    np.multiply.at(out, (grid.rows[bar[seen]], of.columns[seen]), factors[seen])
    return out


def cash_at_next_bar(of: Steps, *, grid: Grid) -> Values:
    """Return a matrix of cash a share, each on the first bar that trades without it."""
    out = np.zeros(grid.shape)
    bar = grid.priced_from(of.columns, of.days)
    seen = bar >= 0
    np.add.at(out, (grid.rows[bar[seen]], of.columns[seen]), of.values[seen])
    return out


def dividend_factors(of: Steps, *, grid: Grid, traded_close: Values) -> Values:
    """Return what each dividend multiplies later prices by: close / (close - dividend).

    A dividend without a later bar, like the last of a company wound up, multiplies nothing.

    Raises:
        DataError: a dividend is not below the close before it.
    """
    close = traded_close[of.previous]
    applies = grid.priced_from(of.columns, of.days) >= 0
    refused = np.flatnonzero(applies & (close <= of.values))
    if refused.size:
        raise DataError(_too_large(of, grid, at=int(refused[0]), close=close[refused[0]]))
    factors: Values = close / np.where(applies, close - of.values, close)
    return factors


def _too_large(of: Steps, grid: Grid, *, at: int, close: float) -> str:
    day = np.datetime64(int(of.days[at]), "D")
    return (
        f"{grid.symbols[of.columns[at]]}: dividend {of.values[at]:g} USD going ex on {day} is not "
        f"below the close before it, {close:g} USD; correct it with `import actions`"
    )
