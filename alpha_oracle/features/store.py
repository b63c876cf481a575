"""Features of a panel, from the cache where it has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features import engine, registry
from alpha_oracle.features.digests import chained_digests, row_words
from alpha_oracle.ports.features import FeatureKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session
    from alpha_oracle.features.declaration import Feature
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ports.features import FeatureCache

    Values = NDArray[np.float32]

WIDEST_REWRITE: Final = 64
"""Sessions that a new one is at most saved with again; see `_with_neighbours`."""


class FeatureStore:
    """Computes features once: what was computed from the same input by the same formula is read.

    A new session adds a small part to the cache, a revised bar recomputes what came after it, a
    changed formula recomputes itself.
    """

    def __init__(self, cache: FeatureCache) -> None:
        self._cache = cache

    def compute(
        self, panel: MarketPanel, names: Iterable[str], *, first: Session | None = None
    ) -> dict[str, Values]:
        """Return registered features by name, `sessions x symbols`, from session `first` on.

        NaN where a symbol has no bar or too few of them.

        Raises:
            ConfigurationError: a name is not registered.
        """
        return self.values(panel, registry.named(names), first=first)

    def values(
        self, panel: MarketPanel, features: Sequence[Feature], *, first: Session | None = None
    ) -> dict[str, Values]:
        """Return features as `compute` does, registered or not."""
        start = 0 if first is None else int(np.searchsorted(panel.sessions, np.datetime64(first)))
        keys = feature_keys(panel, features, start=start)
        sessions = panel.sessions[start:]
        cached = self._cache.load(keys, sessions=sessions, symbols=panel.symbols)
        found = {name: feature.found for name, feature in cached.items()}
        missing = {
            feature.name: feature.formula
            for feature in features
            if feature.name not in found or not found[feature.name].all()
        }
        fresh = engine.compute(missing, panel, dtype=np.float32, start=start) if missing else {}
        self._save(panel, keys, fresh=fresh, found=found, start=start)
        return {
            feature.name: fresh[feature.name]
            if feature.name in fresh
            else cached[feature.name].values
            for feature in features
        }

    def _save(
        self,
        panel: MarketPanel,
        keys: Mapping[str, FeatureKey],
        *,
        fresh: Mapping[str, Values],
        found: Mapping[str, NDArray[np.bool_]],
        start: int,
    ) -> None:
        nothing = np.zeros(len(panel.sessions) - start, dtype=np.bool_)
        missing = {name: found.get(name, nothing) for name in fresh}
        for run, names in _missing_runs(missing, start=start).items():
            rows = slice(*run)
            self._cache.save(
                {name: _part_of(keys[name], rows) for name in names},
                {name: fresh[name][rows] for name in names},
                sessions=panel.sessions[start:][rows],
                symbols=panel.symbols,
            )


def feature_keys(
    panel: MarketPanel, features: Sequence[Feature], *, start: int = 0
) -> dict[str, FeatureKey]:
    """Return each feature's key of the panel's sessions from row `start` on."""
    wanted = {tuple(sorted(feature.inputs)) for feature in features}
    names = sorted({name for fields in wanted for name in fields})
    with ThreadPoolExecutor(engine.THREADS) as pool:
        words = dict(zip(names, pool.map(partial(row_words, panel), names), strict=True))
    digests = {fields: chained_digests(panel, fields, words=words)[start:] for fields in wanted}
    return {
        feature.name: FeatureKey(
            definition=feature.definition_hash, digests=digests[tuple(sorted(feature.inputs))]
        )
        for feature in features
    }


def _missing_runs(
    found: Mapping[str, NDArray[np.bool_]], *, start: int
) -> dict[tuple[int, int], list[str]]:
    """Return runs of rows to save, with the features that miss them."""
    runs: dict[tuple[int, int], list[str]] = {}
    for name, rows in found.items():
        edges = np.flatnonzero(np.diff(np.concatenate([[True], rows, [True]]).astype(np.int8)))
        for begin, end in edges.reshape(-1, 2).tolist():
            runs.setdefault((_with_neighbours(begin, end, start=start), end), []).append(name)
    return runs


def _with_neighbours(begin: int, end: int, *, start: int) -> int:
    # Day by day, a year would be 250 parts, slower to open than its features to compute. So every
    # second session is saved with the one before it, every fourth with three, and so on: as many
    # as the power of two in its number. What is then asked for lies in a handful of parts.
    number = start + end
    return max(0, min(begin, end - min(number & -number, WIDEST_REWRITE)))


def _part_of(key: FeatureKey, rows: slice) -> FeatureKey:
    return FeatureKey(definition=key.definition, digests=key.digests[rows])
