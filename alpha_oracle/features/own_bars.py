"""Formulas over symbols' own bars in a row, the gaps taken out."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from alpha_oracle.features.formula import Formula
from alpha_oracle.features.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.packing import Columns

    Mask: TypeAlias = NDArray[np.bool_]


class OwnBars:
    """Formulas over some symbols' bars in a row, the gaps taken out."""

    def __init__(self, fields: Mapping[str, Block]) -> None:
        self._fields = fields
        self._finite = {name: np.isfinite(field) for name, field in fields.items()}
        self._masks: list[tuple[Mask, Columns]] = []
        self._masks_of: dict[frozenset[str], int] = {}
        self._known: dict[tuple[str, int], object] = {}

    def write(self, formula: Formula, out: NDArray[Any], *, first: int = 0) -> None:
        """Write a formula's values to the sessions the bars came from."""
        mask = self._mask(formula.fields())
        result = np.ascontiguousarray(self._value(formula, mask))
        valid, gappy = self._masks[mask]
        unpack(result, valid, gappy, out, first)

    def _value(self, parameter: str | Formula, mask: int) -> object:
        name = parameter if isinstance(parameter, str) else parameter.name
        if (name, mask) not in self._known:
            self._known[name, mask] = (
                parameter.function(*(self._value(own, mask) for own in parameter.parameters))
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
