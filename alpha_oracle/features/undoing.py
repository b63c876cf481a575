"""What a source did to its prices, undone: from any basis back to what was traded."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.market import ActionKind, PriceBasis
from alpha_oracle.errors import DataError
from alpha_oracle.features.corporate_steps import EPOCH, product_through, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import StoredBars
    from alpha_oracle.domain.market import CorporateAction
    from alpha_oracle.features.corporate_steps import Steps
    from alpha_oracle.features.grid import Grid, Positions, Values

    Mask = NDArray[np.bool_]

NEVER: Final = np.iinfo(np.int64).min


def undone_factors(
    stored: StoredBars, grid: Grid, *, actions: Sequence[CorporateAction]
) -> tuple[Values, Values]:
    """Return what each bar's price, and its volume, is multiplied by to be as traded.

    A source that adjusted through B divided a price of t by the splits (and dividends) that went
    ex after t, up to B.

    Raises:
        DataError: a batch is adjusted but does not say through when.
    """
    adjusted, fully, through = _bases(stored)
    split_ratio = np.ones(len(grid.days))
    if not adjusted.any():
        return split_ratio, split_ratio
    splits = steps(actions, grid, kind=ActionKind.SPLIT)
    split_ratio[adjusted] = _ratio(splits, splits.values, grid, bars=adjusted, through=through)
    price = split_ratio.copy()
    if fully.any():
        dividends = steps(actions, grid, kind=ActionKind.DIVIDEND)
        close = stored.bars.close * split_ratio
        factors = _factors_behind(dividends, close, through=np.where(fully, through, NEVER))
        price[fully] *= _ratio(dividends, factors, grid, bars=fully, through=through)
    return price, 1.0 / split_ratio


def _bases(stored: StoredBars) -> tuple[Mask, Mask, Positions]:
    adjusted, fully, through = [], [], []
    for batch in stored.batches:
        adjusted.append(batch.basis is not PriceBasis.RAW)
        fully.append(batch.basis is PriceBasis.FULLY_ADJUSTED)
        if adjusted[-1] and batch.adjusted_through is None:
            raise DataError(
                f"a batch of {batch.source} is {batch.basis} but does not say through when; "
                "import it again with its last session"
            )
        through.append(batch.adjusted_through.toordinal() - EPOCH if batch.adjusted_through else 0)
    index = stored.batch_index
    return (
        np.array(adjusted, dtype=np.bool_)[index],
        np.array(fully, dtype=np.bool_)[index],
        np.array(through, dtype=np.int64)[index],
    )


def _ratio(of: Steps, factors: Values, grid: Grid, *, bars: Mask, through: Positions) -> Values:
    columns = grid.columns[bars]
    days = grid.days[bars]
    # Actions after `through` were not applied, to bars after it neither.
    until = product_through(of, factors, columns=columns, days=np.maximum(days, through[bars]))
    so_far = product_through(of, factors, columns=columns, days=days)
    ratio: Values = until / so_far
    return ratio


def _factors_behind(dividends: Steps, close: Values, *, through: Positions) -> Values:
    """Solve for the dividend factors inside prices that were already divided by them.

    A dividend's factor needs the close traded before it, which the source divided by this and
    every later factor: so from the last dividend backwards, close = adjusted close + dividend.
    """
    factors = np.ones(len(dividends))
    starts = np.flatnonzero(np.diff(dividends.columns)) + 1
    for part in np.split(np.arange(len(dividends)), starts):
        days = dividends.days[part].tolist()
        later = np.ones(len(part) + 1)
        for place in range(len(part) - 1, -1, -1):
            bar = dividends.previous[part[place]]
            cash = dividends.values[part[place]]
            inside = bisect_right(days, through[bar])
            if inside > place:
                adjusted = close[bar] * later[place + 1] / later[inside]
                factor = 1.0 + cash / adjusted
            else:
                factor = close[bar] / (close[bar] - cash)
            later[place] = later[place + 1] * factor
            factors[part[place]] = factor
    return factors
