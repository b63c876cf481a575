"""Where computed features are cached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Symbol


class FeatureCache(Protocol):
    """Feature values by key; a miss is never an error."""

    def load(
        self, keys: Mapping[str, Sequence[str]], *, symbols: Sequence[Symbol]
    ) -> dict[str, NDArray[np.float32]]:
        """Return the features wholly cached, each `sessions x symbols`; others are absent.

        `keys` gives each feature's key of every session asked for, ascending by session.
        """
        ...

    def save(
        self,
        keys: Mapping[str, Sequence[str]],
        values: Mapping[str, NDArray[np.float32]],
        *,
        symbols: Sequence[Symbol],
        sessions: Sequence[str],
    ) -> None:
        """Keep features, each `sessions x symbols`; readers see all of a write or nothing."""
        ...
