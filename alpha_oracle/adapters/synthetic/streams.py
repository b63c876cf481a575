"""Random numbers that depend on nothing but who they are for.

Each company, factor and purpose has a Philox stream of its own, read from its beginning: a draw
is the same however many sessions, companies or other draws are asked for. Only raw bits are taken
from numpy, whose distributions may change between versions; the transforms are ours.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WORD: Final = 64
_MASK: Final = 2**_WORD - 1
_PURPOSE_SHIFT: Final = 40


class Purpose(IntEnum):
    """What a stream decides."""

    LATE = 1
    LIFE = 2
    CHARACTER = 3
    TEMPER = 4
    REGIME = 5
    FACTOR = 6
    SHOCK = 7
    EARNINGS = 8
    GAP = 9
    HIGH = 10
    LOW = 11
    VOLUME = 12
    INDEX_HIGH = 13
    INDEX_LOW = 14
    VIX = 15
    VIX_HIGH = 16
    VIX_LOW = 17
    BUSINESS = 18
    BOOKKEEPING = 19
    QUARTER = 20
    WRITE_OFF = 21
    FILING = 22
    RESTATEMENT = 23
    BUYBACK = 24
    INSIDER = 25
    INSIDER_FILING = 26
    SHORT_HABIT = 27
    SHORT_LEVEL = 28
    FEAR = 29
    FEAR_HIGH = 30
    FEAR_LOW = 31
    SPY = 32
    SPY_HIGH = 33
    SPY_LOW = 34
    SPY_VOLUME = 35


def uniforms(
    seed: int, purpose: Purpose, *, owners: Sequence[int] | NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Return draws between 0 and 1, both excluded, `count x owners`."""
    bits = np.empty((len(owners), count), dtype=np.uint64)
    for row, owner in enumerate(owners):
        stream = (int(purpose) << _PURPOSE_SHIFT) + int(owner)
        key = (stream << _WORD) + (seed & _MASK)
        bits[row] = np.random.Philox(key=key).random_raw(count)
    bits >>= np.uint64(11)
    draws = bits.T.astype(np.float64, order="C")
    draws += 0.5
    draws *= 2.0**-53
    return draws


def normals(
    seed: int, purpose: Purpose, *, owners: Sequence[int] | NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Return standard normal draws, `count x owners`, by Box and Muller."""
    draws = uniforms(seed, purpose, owners=owners, count=count + count % 2)
    radius = np.sqrt(-2.0 * np.log(draws[0::2]))
    angle = 2.0 * np.pi * draws[1::2]
    draws[0::2] = radius * np.cos(angle)
    draws[1::2] = radius * np.sin(angle)
    return draws[:count]
