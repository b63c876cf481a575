"""Formulas over a panel: blocks of symbols, then of sessions, on two threads.

Blocks of symbols share what several formulas need. What ranks symbols among one another follows,
once the features it reads are whole.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.features.blocks import SymbolBlock
from alpha_oracle.features.formula import Kind
from alpha_oracle.features.standings import Standings
from alpha_oracle.features.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.formula import Formula
    from alpha_oracle.features.panel import MarketPanel

# A block's working arrays stay in a core's own cache, and its rows are wide enough for vectors.
BLOCK_SYMBOLS: Final = 32
# Of few sessions little is computed: then it is the steps from block to block that cost.
WIDE_BLOCK_SYMBOLS: Final = 128
BLOCK_SESSIONS: Final = 128
THREADS: Final = 2

NOTHING: Final[Mapping[str, NDArray[np.float32]]] = {}


def compute(
    formulas: Mapping[str, Formula],
    panel: MarketPanel,
    *,
    dtype: type[Any],
    start: int = 0,
    known: Mapping[str, NDArray[np.float32]] = NOTHING,
) -> dict[str, NDArray[Any]]:
    """Return each formula's values as `dtype`, `sessions x symbols`, from row `start` on.

    They follow from the whole panel, wherever they start: only what is written is less. `known`
    are features that need not be computed for those that read them, from row `start` on.
    """
    shape = len(panel.sessions) - start, len(panel.symbols)
    out = dict(zip(formulas, np.empty((len(formulas), *shape), dtype), strict=True))
    read = {name: formula for name, formula in _read_by(formulas.values()) if name not in known}
    between = {name: np.empty(shape, np.float32) for name in read if name not in formulas}
    everything = read | dict(formulas)
    kinds = {name: formula.kind for name, formula in everything.items()}
    values = between | out
    _compute_symbols(everything, kinds, panel, out=values, start=start)
    ranked = {name: everything[name] for name in kinds if kinds[name] is Kind.CROSS_SECTION}
    if ranked:
        standings = Standings(panel, start=start, known=known)
        for name, formula in ranked.items():
            write = partial(standings.write, formula, values=values, out=values[name])
            _in_blocks(write, shape[0], size=BLOCK_SESSIONS)
    return out


def _read_by(formulas: Iterable[Formula]) -> Iterator[tuple[str, Formula]]:
    """Return the features that formulas read, each after those it reads itself."""
    for formula in formulas:
        yield from _read_by(formula.features)
        yield from ((feature.name, feature) for feature in formula.features)


def _compute_symbols(
    formulas: Mapping[str, Formula],
    kinds: Mapping[str, Kind],
    panel: MarketPanel,
    *,
    out: Mapping[str, NDArray[Any]],
    start: int,
) -> None:
    own = {name: formulas[name] for name, kind in kinds.items() if kind is not Kind.CROSS_SECTION}
    whole = Whole(panel)

    def run(columns: slice) -> None:
        block = SymbolBlock(panel, columns, whole=whole, start=start)
        for name, formula in own.items():
            block.write(formula, kinds[name], out[name])

    is_short = len(panel.sessions) - start <= BLOCK_SESSIONS
    size = WIDE_BLOCK_SYMBOLS if is_short else BLOCK_SYMBOLS
    _in_blocks(run, len(panel.symbols), size=size)


def _in_blocks(run: Callable[[slice], None], count: int, *, size: int) -> None:
    def quietly(first: int) -> None:
        with np.errstate(all="ignore"):
            run(slice(first, min(first + size, count)))

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(quietly, range(0, count, size)):
            pass
