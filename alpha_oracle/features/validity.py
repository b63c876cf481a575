"""Where bars are valid: the sessions on which every field that a formula reads is known."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Mask: TypeAlias = NDArray[np.bool_]
    Columns: TypeAlias = NDArray[np.int64]
    Names: TypeAlias = frozenset[str]


class Validity:
    """What sets of fields have in common, for all symbols at once.

    `finite` gives where a field is known, `sessions x symbols`. Threads may share it: what two
    find out at once is the same.
    """

    def __init__(self, finite: Callable[[str], Mask]) -> None:
        self._finite = finite
        self._masks: dict[Names, Mask] = {}
        self._gappy: dict[Names, Mask] = {}
        self._alike: dict[tuple[Names, Names], Mask] = {}
        self._counts: dict[tuple[Names, int], tuple[Columns, Columns]] = {}

    def mask(self, names: Names) -> Mask:
        """Return where all the fields are known, `sessions x symbols`."""
        if names not in self._masks:
            self._masks[names] = reduce(np.logical_and, map(self._finite, sorted(names)))
        return self._masks[names]

    def gappy(self, names: Names) -> Mask:
        """Return which symbols have a session on which one of the fields is not known."""
        if names not in self._gappy:
            self._gappy[names] = ~np.logical_and.reduce(self.mask(names), axis=0)
        return self._gappy[names]

    def alike(self, names: Names, others: Names) -> Mask:
        """Return the symbols of which both sets of fields are known on the same sessions."""
        if (names, others) not in self._alike:
            same = self.mask(names) == self.mask(others)
            self._alike[names, others] = np.logical_and.reduce(same, axis=0)
        return self._alike[names, others]

    def counts(self, names: Names, start: int) -> tuple[Columns, Columns]:
        """Return how many bars each symbol has before session row `start`, and from it on."""
        if (names, start) not in self._counts:
            valid = self.mask(names)
            self._counts[names, start] = valid[:start].sum(axis=0), valid[start:].sum(axis=0)
        return self._counts[names, start]
