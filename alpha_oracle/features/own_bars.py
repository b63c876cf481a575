"""Formulas over symbols' own bars in a row, the gaps taken out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from alpha_oracle.features.formula import Formula
from alpha_oracle.features.packing import pack, pack_last, unpack, unpack_last

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.packing import Columns

    Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Last:
    """The last bars of each symbol: how many there are, and of the symbol that has most.

    `ahead` of them lie before the first session wanted.
    """

    counts: Columns
    bars: int
    ahead: Columns


class OwnBars:
    """Some symbols' bars.

    `field` gives a field by name, `sessions x symbols`, `finite` where it is known.
    """

    def __init__(self, field: Callable[[str], Block], finite: Callable[[str], Mask]) -> None:
        self._field = field
        self._finite = finite
        self._masks: list[tuple[Mask, Columns]] = []
        self._masks_of: dict[frozenset[str], int] = {}
        self._counts: dict[tuple[int, int], tuple[Columns, Columns]] = {}
        self._lasts: dict[tuple[int, int | None, int | None, int], Last | None] = {}
        self._known: dict[tuple[str, int, Last | None], object] = {}

    def write(self, formula: Formula, out: NDArray[Any], *, first: int = 0) -> None:
        """Write a formula's values to the sessions the bars came from.

        The symbols' columns of `out` start with `first`. It may hold fewer sessions: the last
        ones. Then a formula that looks back so far and no further sees the last bars alone.
        """
        mask = self._mask(formula.fields())
        valid, gappy = self._masks[mask]
        start = len(valid) - len(out)
        last = self._last(formula, mask, start)
        result = np.ascontiguousarray(self._value(formula, mask, last))
        if last is None:
            unpack(result, valid, gappy, out, first)
        else:
            unpack_last(result, valid, last.ahead, out, first)

    def _value(self, parameter: str | Formula, mask: int, last: Last | None) -> object:
        name = parameter if isinstance(parameter, str) else parameter.name
        if (name, mask, last) not in self._known:
            self._known[name, mask, last] = (
                parameter.function(*(self._value(own, mask, last) for own in parameter.parameters))
                if isinstance(parameter, Formula)
                else self._packed(parameter, mask, last)
            )
        return self._known[name, mask, last]

    def _packed(self, name: str, mask: int, last: Last | None) -> Block:
        valid, gappy = self._masks[mask]
        if last is not None:
            return pack_last(self._field(name), valid, last.counts, last.bars)
        field = np.ascontiguousarray(self._field(name))
        return pack(field, valid, gappy) if gappy.size else field

    def _last(self, formula: Formula, mask: int, start: int) -> Last | None:
        key = (mask, formula.lookback_sessions, formula.stretch, start)
        if key not in self._lasts:
            self._lasts[key] = self._last_anew(formula, mask, start)
        return self._lasts[key]

    def _last_anew(self, formula: Formula, mask: int, start: int) -> Last | None:
        if not start or formula.stretch is None or formula.lookback_sessions is None:
            return None
        before, since = self._counted(mask, start)
        # Windows are cut at multiples of the stretch: from one on they round as they always do.
        unneeded = np.maximum(before + 1 - formula.lookback_sessions, 0)
        ahead = before - unneeded // formula.stretch * formula.stretch
        counts = ahead + since
        bars = int(counts.max(initial=0))
        few = 2 * bars < len(self._masks[mask][0])
        return Last(counts=counts, bars=bars, ahead=ahead) if few else None

    def _counted(self, mask: int, start: int) -> tuple[Columns, Columns]:
        """Return how many bars each symbol has before session `start`, and from it on."""
        if (mask, start) not in self._counts:
            valid, _ = self._masks[mask]
            self._counts[mask, start] = valid[:start].sum(axis=0), valid[start:].sum(axis=0)
        return self._counts[mask, start]

    def _mask(self, names: frozenset[str]) -> int:
        if names not in self._masks_of:
            finite = [self._finite(name) for name in sorted(names)]
            self._masks_of[names] = self._number(reduce(np.logical_and, finite))
        return self._masks_of[names]

    def _number(self, mask: Mask) -> int:
        # Nearly always a bar has all its fields: then every formula reads the same packed arrays.
        for number, (known, _) in enumerate(self._masks):
            if np.array_equal(known, mask):
                return number
        self._masks.append((mask, np.flatnonzero(~mask.all(axis=0))))
        return len(self._masks) - 1
