"""Prices on one footing: what was traded, and the same adjusted forward from the first bar.

Stored bars keep the basis they came in. What a source did to them is undone with every action on
record, because the source knew them too; what happens to prices from there on uses only the
actions known at the instant asked for. Adjusting forward means a later split or dividend scales
later prices only, so nothing ever changes a value that was already read.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.market import ActionKind
from alpha_oracle.features.corporate_steps import (
    at_next_bar,
    cash_at_next_bar,
    dividend_factors,
    steps,
)
from alpha_oracle.features.grid import Grid
from alpha_oracle.features.panel import MarketPanel
from alpha_oracle.features.undoing import undone_factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import StoredBars
    from alpha_oracle.domain.market import CorporateAction, Membership, Session


def build_panel(
    stored: StoredBars,
    sessions: Sequence[Session],
    *,
    actions_known: Sequence[CorporateAction],
    actions_all: Sequence[CorporateAction],
    members: Sequence[Membership],
) -> MarketPanel:
    """Return the market of `sessions`, adjusted forward by the actions known.

    An action between two bars of a symbol applies at the later one, and only actions after a
    symbol's first bar count. A dividend going ex with a split is one a share before the split.
    Without memberships every symbol belongs to the universe from its first bar on: a session it
    misses is no departure.

    Raises:
        DataError: a bar lies outside `sessions`, a batch does not say through when it was
            adjusted, or a dividend is not below the close before it.
    """
    grid = Grid(stored.bars, sessions)
    price_undone, volume_undone = undone_factors(stored, grid, actions=actions_all)
    close = stored.bars.close * price_undone
    splits = steps(actions_known, grid, kind=ActionKind.SPLIT)
    dividends = steps(actions_known, grid, kind=ActionKind.DIVIDEND)
    factors = dividend_factors(dividends, grid=grid, traded_close=close)
    split = at_next_bar(splits, splits.values, grid=grid)
    split_factor = np.cumprod(split, axis=0)
    price_factor = split_factor * np.cumprod(at_next_bar(dividends, factors, grid=grid), axis=0)
    traded_open = grid.matrix(stored.bars.open * price_undone)
    traded_close = grid.matrix(close)
    return MarketPanel(
        sessions=grid.sessions,
        symbols=grid.symbols,
        open=traded_open * price_factor,
        high=grid.matrix(stored.bars.high * price_undone) * price_factor,
        low=grid.matrix(stored.bars.low * price_undone) * price_factor,
        close=traded_close * price_factor,
        volume=grid.matrix(stored.bars.volume * volume_undone) / split_factor,
        traded_open=traded_open,
        traded_close=traded_close,
        split=split,
        dividend=cash_at_next_bar(dividends, grid=grid),
        is_member=_universe(members, grid, has_bar=np.isfinite(traded_close)),
    )


def _universe(
    members: Sequence[Membership], grid: Grid, *, has_bar: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    if not members:
        return np.logical_or.accumulate(has_bar, axis=0)
    column_of = {symbol: column for column, symbol in enumerate(grid.symbols)}
    universe = np.zeros(grid.shape, dtype=np.bool_)
    for stay in members:
        if stay.symbol in column_of:
            start, end = np.searchsorted(
                grid.sessions, np.array([stay.start, stay.end or date.max], dtype="datetime64[D]")
            )
            universe[start:end, column_of[stay.symbol]] = True
    return universe
