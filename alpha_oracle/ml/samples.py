"""Which sessions and symbols a model learns from, and their features in blocks of rows.

Features come as matrices, `sessions x symbols` each; XGBoost wants a row a sample. Rows are laid
out a block at a time, so that no second copy of all of them ever exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xgboost

from alpha_oracle.ml.labels import UNKNOWN, classes_of, forward_returns
from alpha_oracle.ml.weights import average_uniqueness

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ml.recipe import Recipe
    from alpha_oracle.ml.splits import Rows, Split

    Values = NDArray[np.float32]

BLOCK_CELLS: Final = 1 << 15
"""About how many rows are laid out at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Cells that models learn from; every matrix is `sessions x symbols` of the same sessions.

    `classes` and `uniqueness` (average uniqueness of labels, 0 to 1) count where `is_used`.
    """

    values: Mapping[str, Values]
    is_used: NDArray[np.bool_]
    classes: NDArray[np.int8]
    uniqueness: NDArray[np.float64]

    @property
    def used_classes(self) -> NDArray[np.int8]:
        """The class of each sample, by session, symbol."""
        return self.classes[self.is_used]

    @property
    def used_uniqueness(self) -> NDArray[np.float64]:
        """The average uniqueness of each sample, by session, symbol."""
        return self.uniqueness[self.is_used]

    def between(self, rows: Rows) -> Samples:
        """Return the samples of some sessions."""
        part = slice(rows.start, rows.stop)
        return Samples(
            values={name: matrix[part] for name, matrix in self.values.items()},
            is_used=self.is_used[part],
            classes=self.classes[part],
            uniqueness=self.uniqueness[part],
        )

    def of_features(self, names: Collection[str]) -> Samples:
        """Return the samples with these features alone, in their order."""
        return Samples(
            values={name: self.values[name] for name in names},
            is_used=self.is_used,
            classes=self.classes,
            uniqueness=self.uniqueness,
        )


def samples_of(
    recipe: Recipe, panel: MarketPanel, values: Mapping[str, Values], *, split: Split, window: slice
) -> Samples:
    """Return the samples of a train window, the split's rows counted from its first session.

    A sample is a member of the universe with a price, a label whose horizon ends in the window,
    and at least one feature, in one of the split's parts.
    """
    inputs = {name: values[name][window] for name in recipe.features}
    close = panel.close[window]
    returns = forward_returns(close, horizon=recipe.horizon_sessions)
    classes = classes_of(
        returns, up=recipe.up_threshold_fraction, down=recipe.down_threshold_fraction
    )
    is_used = _in_parts(split, len(close))[:, None] & panel.is_member[window] & np.isfinite(close)
    is_used &= classes != UNKNOWN
    is_used &= known_somewhere(inputs.values())
    return Samples(
        values=inputs,
        is_used=is_used,
        classes=classes,
        uniqueness=average_uniqueness(is_used, horizon=recipe.horizon_sessions),
    )


def known_somewhere(values: Collection[Values]) -> NDArray[np.bool_]:
    """Return which cells have at least one feature, `sessions x symbols`."""
    known = np.zeros(next(iter(values)).shape, np.bool_)
    for matrix in values:
        known |= ~np.isnan(matrix)
    return known


def feature_blocks(
    values: Collection[Values], cells: NDArray[np.bool_], *, block_cells: int = BLOCK_CELLS
) -> Iterator[tuple[slice, Values]]:
    """Yield sessions and the features of their cells, `samples x features`, by session, symbol.

    Every matrix has the shape of `cells`. A block is of about `block_cells`; sessions without a
    cell are passed over.
    """
    step = max(1, block_cells // max(cells.shape[1], 1))
    for start in range(0, len(cells), step):
        sessions = slice(start, start + step)
        chosen = np.flatnonzero(cells[sessions])
        if len(chosen):
            yield sessions, _laid_out(values, sessions, chosen)


class SampleIterator(xgboost.DataIter):
    """Hands samples to XGBoost block by block, as often as it asks."""

    def __init__(
        self, samples: Samples, weights: NDArray[np.float32], *, block_cells: int = BLOCK_CELLS
    ) -> None:
        """`weights` are one a sample, by session, symbol."""
        super().__init__()
        self._names = list(samples.values)
        self._samples = samples
        self._classes = samples.used_classes
        self._weights = weights
        self._block_cells = block_cells
        self.reset()

    def reset(self) -> None:
        """Begin again with the first block."""
        self._blocks = feature_blocks(
            self._samples.values.values(), self._samples.is_used, block_cells=self._block_cells
        )
        self._done = 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        """Hand over the next block; return False where there is none."""
        for _, block in self._blocks:
            part = slice(self._done, self._done + len(block))
            self._done = part.stop
            input_data(
                data=block,
                label=self._classes[part],
                weight=self._weights[part],
                feature_names=self._names,
            )
            return True
        return False


def _in_parts(split: Split, sessions: int) -> NDArray[np.bool_]:
    is_in = np.zeros(sessions, np.bool_)
    for rows in (split.fit, split.stopping, split.calibration):
        is_in[rows.start : rows.stop] = True
    return is_in


def _laid_out(
    values: Collection[Values], sessions: slice, chosen: NDArray[np.intp]
) -> NDArray[np.float32]:
    # A feature after the other is written in one go; XGBoost reads rows across them.
    block = np.empty((len(values), len(chosen)), np.float32)
    for matrix, out in zip(values, block, strict=True):
        matrix[sessions].reshape(-1).take(chosen, out=out)
    return block.T
