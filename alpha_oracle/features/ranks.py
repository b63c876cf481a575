"""Compiled standings of symbols among one another, session by session.

Each session is sorted by radix, so that a row costs the same for each of its symbols however many
they are. Sums run from the smallest value up: where a symbol stands in the panel changes no bit.

Arrays are `rows x symbols`, float32 in and out, `sector` a code or -1 where it is unknown. Only
members of the universe that have a value are counted or get an answer. As in `kernels`, what is
compiled takes its parameters by position.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alpha_oracle.features.kernels import kernel

Standings: TypeAlias = NDArray[np.float32]
Codes: TypeAlias = NDArray[np.int16]
Members: TypeAlias = NDArray[np.bool_]
Words: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.int64]

FEWEST_PEERS: Final = 3
"""Companies of a sector that make a standing among them mean something, one itself included."""

DIGIT: Final = 256
HALF: Final = np.uint64(32)
SIGN: Final = np.uint32(0x80000000)
ALL_BITS: Final = np.uint32(0xFFFFFFFF)


def percentile(values: Standings, is_member: Members) -> Standings:
    """Return each member's rank among the members, 0 to 1: (rank - 0.5) / members with a value.

    Equal values share the mean of their ranks. NaN where a symbol is no member or has no value.
    """
    return _percentiles(values, np.where(is_member, np.int16(0), np.int16(-1)), 1)


def sector_percentile(values: Standings, sector: Codes, is_member: Members) -> Standings:
    """Return each member's rank among the members of its sector, as `percentile` does.

    NaN, too, where the sector is unknown or has fewer than `FEWEST_PEERS` members with a value.
    """
    return _percentiles(values, np.where(is_member, sector, np.int16(-1)), FEWEST_PEERS)


def excess_over_sector_mean(values: Standings, sector: Codes, is_member: Members) -> Standings:
    """Return each member's value less the mean of its sector's members, itself included.

    NaN where `sector_percentile` is.
    """
    return _excesses(values, np.where(is_member, sector, np.int16(-1)), FEWEST_PEERS)


@kernel
def _percentiles(values: Standings, group: Codes, fewest: int) -> Standings:
    out = np.full(values.shape, np.float32(np.nan), np.float32)
    words, spare, ends = _space(values, group)
    for row in range(len(values)):
        size = _sorted_by_group(values[row], group[row], words, spare, ends)
        start = 0
        while start < size:
            stop = ends[group[row, _place(words[start])]]
            if stop - start >= fewest:
                _rank(words[start:stop], out[row])
            start = stop
    return out


@kernel
def _rank(words: Words, out: Standings) -> None:
    count, first = len(words), 0
    while first < count:
        last = first + 1
        while last < count and words[last] >> HALF == words[first] >> HALF:
            last += 1
        for tied in range(first, last):
            # The mean of the ranks first + 1 to last, less a half.
            out[_place(words[tied])] = (first + last) / (2.0 * count)
        first = last


@kernel
def _excesses(values: Standings, group: Codes, fewest: int) -> Standings:
    out = np.full(values.shape, np.float32(np.nan), np.float32)
    words, spare, ends = _space(values, group)
    for row in range(len(values)):
        size = _sorted_by_group(values[row], group[row], words, spare, ends)
        start = 0
        while start < size:
            stop = ends[group[row, _place(words[start])]]
            total = 0.0
            for peer in range(start, stop):
                total += values[row, _place(words[peer])]
            mean = total / (stop - start)
            for peer in range(start, stop if stop - start >= fewest else start):
                place = _place(words[peer])
                out[row, place] = values[row, place] - mean
            start = stop
    return out


@kernel
def _space(values: Standings, group: Codes) -> tuple[Words, Words, Counts]:
    symbols = values.shape[1]
    groups = max(np.int64(0), np.int64(group.max()) + 1) if group.size else np.int64(0)
    return np.empty(symbols, np.uint64), np.empty(symbols, np.uint64), np.empty(groups, np.int64)


@kernel
def _place(word: np.uint64) -> np.int64:
    return np.int64(word & np.uint64(0xFFFFFFFF))


@kernel
def _sorted_by_group(
    values: Standings, group: Codes, words: Words, spare: Words, ends: Counts
) -> int:
    """Fill `words` with those that count, by group, then value; `ends` says where groups end.

    A word is the value's bits, made to sort as an integer, above the place of its symbol.
    """
    size = _gathered(values, group, words)
    for shift in range(32, 64, 8):
        _by_digit(words, spare, size, shift)
        words, spare = spare, words
    # An even number of passes: the caller's array holds the sorted words again.
    ends[:] = 0
    for at in range(size):
        ends[group[_place(words[at])]] += 1
    total = 0
    for code in range(len(ends)):
        total, ends[code] = total + ends[code], total
    for at in range(size):
        spare[at] = words[at]
    for at in range(size):
        code = group[_place(spare[at])]
        words[ends[code]] = spare[at]
        ends[code] += 1
    return size


@kernel
def _gathered(values: Standings, group: Codes, words: Words) -> int:
    one = np.empty(1, np.float32)
    bits = one.view(np.uint32)
    size = 0
    for place in range(len(values)):
        if group[place] >= 0 and np.isfinite(values[place]):
            one[0] = values[place] + np.float32(0.0)  # makes -0 the 0 that it equals.
            key = bits[0] ^ (ALL_BITS if bits[0] & SIGN else SIGN)
            words[size] = np.uint64(key) << HALF | np.uint64(place)
            size += 1
    return size


@kernel
def _by_digit(words: Words, sorted_words: Words, size: int, shift: int) -> None:
    starts = np.zeros(DIGIT, np.int64)
    for at in range(size):
        starts[(words[at] >> np.uint64(shift)) & np.uint64(DIGIT - 1)] += 1
    total = 0
    for digit in range(DIGIT):
        total, starts[digit] = total + starts[digit], total
    for at in range(size):
        digit = (words[at] >> np.uint64(shift)) & np.uint64(DIGIT - 1)
        sorted_words[starts[digit]] = words[at]
        starts[digit] += 1
