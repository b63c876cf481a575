"""Where computed features are cached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Symbol


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureKey:
    """What a feature's values follow from.

    `definition` stands for its formula. `digests`, two words a session, ascending, stand for all
    of its input up to that session: once two keys differ, they differ from there on. Input that is
    absent leaves no trace in them, so symbols without any may come and go.
    """

    definition: str
    digests: NDArray[np.uint64]

    def of(self, sessions: slice) -> FeatureKey:
        """Return the key of some neighbouring sessions."""
        return replace(self, digests=self.digests[sessions])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CachedFeature:
    """Values, `sessions x symbols`, and which sessions were found; the others hold nothing.

    Where any was not, the values are the caller's to complete; where all were, they may be
    read-only.
    """

    values: NDArray[np.float32]
    found: NDArray[np.bool_]


class FeatureCache(Protocol):
    """Feature values by key; a miss is never an error, nor is a write that fails."""

    def load(
        self,
        keys: Mapping[str, FeatureKey],
        *,
        sessions: NDArray[np.datetime64],
        symbols: Sequence[Symbol],
    ) -> dict[str, CachedFeature]:
        """Return what is cached of each feature on `sessions`; symbols unknown there are NaN."""
        ...

    def save(
        self,
        keys: Mapping[str, FeatureKey],
        values: Mapping[str, NDArray[np.float32]],
        *,
        sessions: NDArray[np.datetime64],
        symbols: Sequence[Symbol],
    ) -> None:
        """Keep features, each `sessions x symbols`; readers see all of a part or nothing of it."""
        ...

    def size_bytes(self) -> int:
        """Return what the cache takes up."""
        ...
