"""Formulas over symbols' own bars in a row, the gaps taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.features.formula import Formula
from alpha_oracle.features.packing import pack, pack_last, unpack, unpack_last

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.validity import Columns, Mask, Names, Validity

EVERY: Final = slice(None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Last:
    """The last bars of each symbol: how many there are, and of the symbol that has most.

    `ahead` of them lie before the first session wanted.
    """

    counts: Columns
    bars: int
    ahead: Columns


class OwnBars:
    """Bars of some symbols, the `columns` of all those that `validity` speaks of.

    `field` gives a field of these symbols by name, `sessions x symbols`.
    """

    def __init__(
        self, field: Callable[[str], Block], validity: Validity, columns: slice = EVERY
    ) -> None:
        self._field = field
        self._validity = validity
        self._columns = columns
        self._masks: list[tuple[Names, Mask, Columns]] = []
        self._masks_of: dict[Names, int] = {}
        self._lasts: dict[tuple[int, int | None, int | None, int], Last | None] = {}
        self._known: dict[tuple[str, int, Last | None], object] = {}

    def write(self, formula: Formula, out: NDArray[Any], *, first: int = 0) -> None:
        """Write a formula's values to the sessions the bars came from.

        The symbols' columns of `out` start with `first`. It may hold fewer sessions: the last
        ones. Then a formula that looks back so far and no further sees the last bars alone.
        """
        mask = self._mask(formula.fields())
        _, valid, gappy = self._masks[mask]
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
        _, valid, gappy = self._masks[mask]
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
        names, valid, _ = self._masks[mask]
        before, since = (count[self._columns] for count in self._validity.counts(names, start))
        # Windows are cut at multiples of the stretch: from one on they round as they always do.
        unneeded = np.maximum(before + 1 - formula.lookback_sessions, 0)
        ahead = before - unneeded // formula.stretch * formula.stretch
        counts = ahead + since
        bars = int(counts.max(initial=0))
        few = 2 * bars < len(valid)
        return Last(counts=counts, bars=bars, ahead=ahead) if few else None

    def _mask(self, names: Names) -> int:
        if names not in self._masks_of:
            self._masks_of[names] = self._number(names)
        return self._masks_of[names]

    def _number(self, names: Names) -> int:
        # Nearly always a bar has all its fields: then every formula reads the same packed arrays.
        for number, (others, _, _) in enumerate(self._masks):
            if self._validity.alike(others, names)[self._columns].all():
                return number
        gappy = np.flatnonzero(self._validity.gappy(names)[self._columns])
        self._masks.append((names, self._validity.mask(names)[:, self._columns], gappy))
        return len(self._masks) - 1
