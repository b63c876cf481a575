"""How well orders were executed on the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from alpha_oracle.domain.execution_quality import QualitySummary
    from alpha_oracle.domain.market import Symbol


class QualitySummaries(Protocol):
    """Percentiles over the record of how well orders were executed."""

    def summaries(
        self, *, account: str | None = None, symbol: Symbol | None = None
    ) -> list[QualitySummary]:
        """Return what was measured of the orders of each type, by name of the type.

        Raises:
            StoreUnavailable: the record cannot be reached.
        """
        ...
