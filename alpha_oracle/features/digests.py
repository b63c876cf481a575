"""What the input of a feature was, session by session, in a few bytes."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from alpha_oracle.features.formula import PANEL_FIELDS, Kind
from alpha_oracle.features.words import AS_TRADED, HAS_BAR, SINCE_LISTED, PanelWords, chained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.formula import Formula
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.words import Words

    Digests = NDArray[np.uint64]

THREADS: Final = 2

_WORDS: Final[WeakKeyDictionary[MarketPanel, dict[str, Words]]] = WeakKeyDictionary()


def input_digests(panel: MarketPanel, formulas: Mapping[str, Formula]) -> dict[str, Digests]:
    """Return, by formula, one digest a session of its input on it and on every session before.

    A digest is two words. Formulas that read the same share theirs.
    """
    read = {name: _read_by(formula) for name, formula in formulas.items()}
    known = _words_of(panel, {name for fields in read.values() for name in fields})
    digests = {fields: _chained(panel, fields, known) for fields in set(read.values())}
    return {name: digests[fields] for name, fields in read.items()}


def market_digests(panel: MarketPanel) -> Digests:
    """Return one digest a session of every bar, action, membership and sector up to it.

    What a strategy may decide by beside its features, and all that a simulation trades on.
    """
    fields = (*PANEL_FIELDS, *AS_TRADED, *SINCE_LISTED, HAS_BAR)
    return _chained(panel, fields, _words_of(panel, set(fields)))


def _words_of(panel: MarketPanel, names: set[str]) -> dict[str, Words]:
    # A panel never changes, and the steps of a run ask the same one over and over.
    kept = _WORDS.setdefault(panel, {})
    lacking = sorted(names - kept.keys())
    if lacking:
        words = PanelWords(panel)
        with ThreadPoolExecutor(THREADS) as pool:
            kept.update(zip(lacking, pool.map(words.of, lacking), strict=True))
    return kept


def _chained(panel: MarketPanel, fields: tuple[str, ...], known: Mapping[str, Words]) -> Digests:
    sessions = panel.sessions.astype(np.int64).view(np.uint64)[:, None]
    seed = hashlib.blake2b("|".join(fields).encode(), digest_size=16).digest()
    return chained(np.hstack([sessions, *(known[name] for name in fields)]), seed)


def _read_by(formula: Formula) -> tuple[str, ...]:
    # A feature of bars alone shows where its own fields are; the others stand wherever one is.
    has_bar = () if formula.kind is Kind.BARS else (HAS_BAR,)
    return (*sorted(formula.fields()), *has_bar)
