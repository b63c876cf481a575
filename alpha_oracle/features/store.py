"""Features of a panel, from the cache where it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.features import engine, registry
from alpha_oracle.features.digests import input_digests
from alpha_oracle.ports.features import FeatureKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session
    from alpha_oracle.features.declaration import Feature
    from alpha_oracle.features.formula import Formula
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ports.features import CachedFeature, FeatureCache

    Found = NDArray[np.bool_]
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

    def size_bytes(self) -> int:
        """Return what the cache takes up."""
        return self._cache.size_bytes()

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
        found = {feature.name: _found(feature.name, cached, len(sessions)) for feature in features}
        values = {name: feature.values for name, feature in cached.items()}
        missing = {
            feature.name: feature.formula for feature in features if not found[feature.name].all()
        }
        if missing:
            self._complete(values, missing, panel, found=found, start=start)
            self._save(panel, keys, values={name: values[name] for name in missing}, found=found)
        return {feature.name: values[feature.name] for feature in features}

    def _complete(
        self,
        values: dict[str, Values],
        missing: Mapping[str, Formula],
        panel: MarketPanel,
        *,
        found: Mapping[str, Found],
        start: int,
    ) -> None:
        # Up to the first session that any lacks, all of them are known.
        first = min(int(np.argmin(found[name])) for name in missing)
        known = {name: values[name][first:] for name in found if found[name][first:].all()}
        fresh = engine.compute(missing, panel, dtype=np.float32, start=start + first, known=known)
        for name, rows in fresh.items():
            if first == 0:
                values[name] = rows
            else:
                values[name][first:] = rows

    def _save(
        self,
        panel: MarketPanel,
        keys: Mapping[str, FeatureKey],
        *,
        values: Mapping[str, Values],
        found: Mapping[str, Found],
    ) -> None:
        start = len(panel.sessions) - len(next(iter(found.values())))
        missing = {name: found[name] for name in values}
        for run, names in _missing_runs(missing, start=start).items():
            rows = slice(*run)
            self._cache.save(
                {name: keys[name].of(rows) for name in names},
                {name: values[name][rows] for name in names},
                sessions=panel.sessions[start:][rows],
                symbols=panel.symbols,
            )


def feature_keys(
    panel: MarketPanel, features: Sequence[Feature], *, start: int = 0
) -> dict[str, FeatureKey]:
    """Return each feature's key of the panel's sessions from row `start` on."""
    digests = input_digests(panel, {feature.name: feature.formula for feature in features})
    return {
        feature.name: FeatureKey(
            definition=feature.definition_hash, digests=digests[feature.name][start:]
        )
        for feature in features
    }


def _found(name: str, cached: Mapping[str, CachedFeature], sessions: int) -> Found:
    return cached[name].found if name in cached else np.zeros(sessions, dtype=np.bool_)


def _missing_runs(found: Mapping[str, Found], *, start: int) -> dict[tuple[int, int], list[str]]:
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
