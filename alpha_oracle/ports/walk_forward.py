"""How walk-forward windows and everything that was tried are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.domain.walk_forward import Trial, WindowRecord


class WindowStore(Protocol):
    """Test windows on record."""

    def load(self, keys: Iterable[str]) -> dict[str, WindowRecord]:
        """Return the windows that are on record, by key."""
        ...

    def save(self, records: Sequence[WindowRecord], *, at: datetime) -> None:
        """Keep windows; one that is on record already changes nothing."""
        ...


class TrialStore(Protocol):
    """Everything that was ever tried: what a good result must be judged against."""

    def record(self, trials: Sequence[Trial], *, at: datetime) -> None:
        """Keep trials; of one on record before, its Sharpe ratio is renewed."""
        ...

    def trials(self) -> list[Trial]:
        """Return every trial, by key."""
        ...
