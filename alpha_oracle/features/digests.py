"""What the input of a feature was, session by session, in a few bytes."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features.formula import PANEL_FIELDS, STANDING_FIELDS, Kind
from alpha_oracle.features.words import AS_TRADED, HAS_BAR, PanelWords, chained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.formula import Formula
    from alpha_oracle.features.panel import MarketPanel

    Digests = NDArray[np.uint64]

THREADS: Final = 2


def input_digests(panel: MarketPanel, formulas: Mapping[str, Formula]) -> dict[str, Digests]:
    """Return, by formula, one digest a session of its input on it and on every session before.

    A digest is two words. Formulas that read the same share theirs.
    """
    read = {name: _read_by(formula) for name, formula in formulas.items()}
    names = sorted({name for fields in read.values() for name in fields})
    words = PanelWords(panel)
    with ThreadPoolExecutor(THREADS) as pool:
        known = dict(zip(names, pool.map(words.of, names), strict=True))
    sessions = panel.sessions.astype(np.int64).view(np.uint64)[:, None]
    digests = {}
    for fields in set(read.values()):
        seed = hashlib.blake2b("|".join(fields).encode(), digest_size=16).digest()
        digests[fields] = chained(np.hstack([sessions, *(known[name] for name in fields)]), seed)
    return {name: digests[fields] for name, fields in read.items()}


def market_digests(panel: MarketPanel) -> Digests:
    """Return one digest a session of every bar, action, membership and sector up to it.

    What a strategy may decide by beside its features, and all that a simulation trades on.
    """
    names = (*PANEL_FIELDS, *AS_TRADED, *STANDING_FIELDS, HAS_BAR)
    words = PanelWords(panel)
    with ThreadPoolExecutor(THREADS) as pool:
        known = list(pool.map(words.of, names))
    sessions = panel.sessions.astype(np.int64).view(np.uint64)[:, None]
    seed = hashlib.blake2b("|".join(names).encode(), digest_size=16).digest()
    return chained(np.hstack([sessions, *known]), seed)


def _read_by(formula: Formula) -> tuple[str, ...]:
    # A feature of bars alone shows where its own fields are; the others stand wherever one is.
    has_bar = () if formula.kind is Kind.BARS else (HAS_BAR,)
    return (*sorted(formula.fields()), *has_bar)
