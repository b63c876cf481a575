"""What the input of a feature was, session by session, in a few bytes."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features.kernels import kernel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.panel import MarketPanel

    Words = NDArray[np.uint64]

HEX_DIGITS: Final = 24

# The multipliers of SplitMix64: a changed bit of a value reaches every bit of its word.
FIRST_MULTIPLIER: Final = np.uint64(0xBF58476D1CE4E5B9)
SECOND_MULTIPLIER: Final = np.uint64(0x94D049BB133111EB)
SHIFT: Final = np.uint64(31)


def chained_digests(
    panel: MarketPanel, fields: Sequence[str], *, words: Mapping[str, Words]
) -> tuple[str, ...]:
    """Return one digest a session of the fields' values in it and in every session before.

    `words` are the `row_words` of each field, so that features can share them. A symbol counts on
    the sessions it has a bar; where it has none, it might as well be absent.
    """
    sessions = panel.sessions.astype(np.int64).view(np.uint64)[:, None]
    rows = np.hstack([sessions, *(words[name] for name in fields)])
    seed = hashlib.blake2b("|".join(fields).encode(), digest_size=16).digest()
    chain = _chain(rows, np.frombuffer(seed, dtype=np.uint64))
    return tuple(digest.hex()[:HEX_DIGITS] for digest in chain.view("V16").ravel().tolist())


def row_words(panel: MarketPanel, name: str) -> Words:
    """Return two words a session that stand for a field's values and whose they are.

    Where a symbol has no bar nothing counts, not even a field that says there was no split.
    """
    field = np.ascontiguousarray(getattr(panel, name))
    close = np.ascontiguousarray(panel.close)
    return _row_words(field, field.view(np.uint64), close, _symbol_words(panel.symbols))


@lru_cache(maxsize=1)
def _symbol_words(symbols: tuple[str, ...]) -> Words:
    hashes = (hashlib.blake2b(symbol.encode(), digest_size=16).digest() for symbol in symbols)
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, 2).T.copy()


@kernel
def _mixed(word: np.uint64) -> np.uint64:
    word *= FIRST_MULTIPLIER
    word = (word ^ (word >> SHIFT)) * SECOND_MULTIPLIER
    return word ^ (word >> SHIFT)


@kernel
def _chain(rows: Words, seed: Words) -> Words:
    out = np.empty((len(rows), 2), np.uint64)
    first, second = seed
    for row in range(len(rows)):
        for word in rows[row]:
            first, second = _mixed(first ^ word), _mixed(second + word)
        out[row, 0], out[row, 1] = first, second
    return out


@kernel
def _row_words(field: Block, bits: Words, close: Block, symbols: Words) -> Words:
    rows, columns = field.shape
    out = np.zeros((rows, 2), np.uint64)
    for row in range(rows):
        for lane in range(2):
            total = np.uint64(0)
            for column in range(columns):
                word = _mixed(bits[row, column] ^ symbols[lane, column])
                known = np.isfinite(field[row, column]) and np.isfinite(close[row, column])
                total += word if known else np.uint64(0)
            out[row, lane] = total
    return out
