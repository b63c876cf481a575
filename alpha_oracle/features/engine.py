"""Formulas over a panel: blocks of symbols, two threads, each shared computation once a block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from alpha_oracle.features.formula import Formula
from alpha_oracle.features.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.packing import Columns
    from alpha_oracle.features.panel import MarketPanel

    Mask: TypeAlias = NDArray[np.bool_]

# A block's working arrays stay in a core's own cache, and its rows are wide enough for vectors.
BLOCK_SYMBOLS: Final = 32
THREADS: Final = 2


def compute(
    formulas: Mapping[str, Formula], panel: MarketPanel, *, dtype: type[Any], start: int = 0
) -> dict[str, NDArray[Any]]:
    """Return each formula's values as `dtype`, `sessions x symbols`, from row `start` on.

    They follow from the whole panel, wherever they start: only what is written is less.
    """
    sessions, symbols = len(panel.sessions), len(panel.symbols)
    values = np.empty((len(formulas), sessions - start, symbols), dtype)
    out = dict(zip(formulas, values, strict=True))
    fields = {name: np.ascontiguousarray(getattr(panel, name)) for name in _fields(formulas)}

    def run(first: int) -> None:
        with np.errstate(all="ignore"):
            block = _Block(fields, slice(first, min(first + BLOCK_SYMBOLS, symbols)))
            for name, formula in formulas.items():
                block.write(formula, out[name])

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(run, range(0, symbols, BLOCK_SYMBOLS)):
            pass
    return out


def steps() -> list[FunctionType]:
    """Return what decides, beside `packing`, which bars a formula sees."""
    return [step for step in vars(_Block).values() if isinstance(step, FunctionType)]


def _fields(formulas: Mapping[str, Formula]) -> list[str]:
    return sorted(frozenset[str]().union(*(formula.fields() for formula in formulas.values())))


class _Block:
    """Some symbols' fields with the gaps taken out, and what was computed from them."""

    def __init__(self, fields: Mapping[str, Block], columns: slice) -> None:
        self._columns = columns
        self._fields = {name: field[:, columns].copy() for name, field in fields.items()}
        self._finite = {name: np.isfinite(field) for name, field in self._fields.items()}
        self._masks: list[tuple[Mask, Columns]] = []
        self._masks_of: dict[frozenset[str], int] = {}
        self._known: dict[tuple[str, int], object] = {}

    def write(self, formula: Formula, out: NDArray[Any]) -> None:
        mask = self._mask(formula.fields())
        result = np.ascontiguousarray(self._call(formula, mask))
        valid, gappy = self._masks[mask]
        unpack(result, valid, gappy, out, self._columns.start)

    def _call(self, formula: Formula, mask: int) -> object:
        return formula.function(*(self._value(name, mask) for name in formula.parameters))

    def _value(self, parameter: str | Formula, mask: int) -> object:
        name = parameter if isinstance(parameter, str) else parameter.name
        if (name, mask) not in self._known:
            self._known[name, mask] = (
                self._call(parameter, mask)
                if isinstance(parameter, Formula)
                else self._packed(parameter, mask)
            )
        return self._known[name, mask]

    def _packed(self, name: str, mask: int) -> Block:
        field, (valid, gappy) = self._fields[name], self._masks[mask]
        return pack(field, valid, gappy) if gappy.size else field

    def _mask(self, names: frozenset[str]) -> int:
        if names not in self._masks_of:
            finite = [self._finite[name] for name in sorted(names)]
            self._masks_of[names] = self._number(reduce(np.logical_and, finite))
        return self._masks_of[names]

    def _number(self, mask: Mask) -> int:
        # Nearly always a bar has all its fields: then every formula reads the same packed arrays.
        for number, (known, _) in enumerate(self._masks):
            if np.array_equal(known, mask):
                return number
        self._masks.append((mask, np.flatnonzero(~mask.all(axis=0))))
        return len(self._masks) - 1
