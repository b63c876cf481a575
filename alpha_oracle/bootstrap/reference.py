"""Who is asked for what is known beside bars, as the settings say; imports no vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.reference import Family
from alpha_oracle.marketdata.reference.absence import absence_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.config import Settings
    from alpha_oracle.ports.reference_stores import FamilyIndex

NOBODY: Final = "none"
ASKED: Final = (
    Family.FUNDAMENTALS,
    Family.INSIDERS,
    Family.SHORT_INTEREST,
    Family.VOLATILITY,
    Family.BENCHMARK,
)
"""The families somebody can be asked for, in the order people read them."""

FOLLOWS: Final[Mapping[str, Mapping[Family, str]]] = {
    "synthetic": dict.fromkeys(ASKED[:-1], "synthetic"),
    "ibkr": {Family.VOLATILITY: "ibkr"},
}
"""What a source of bars brings along, where the settings name nobody."""


def source_names(settings: Settings) -> dict[Family, str | None]:
    """Return who is asked for each family; None: nobody."""
    chosen = settings.data.reference.model_dump()
    follows = {
        **FOLLOWS.get(settings.data.source, {}),
        # A request of a metered day is a symbol's bars less: it is spent on SPY only on a word.
        Family.BENCHMARK: NOBODY if settings.data.source == "alpha_vantage" else "bars",
    }
    names = {family: chosen[family.value] or follows.get(family, NOBODY) for family in ASKED}
    return {family: None if name == NOBODY else name for family, name in names.items()}


def absences(settings: Settings, index: FamilyIndex) -> dict[Family, str]:
    """Return, for each family of which nothing is stored, why and what to do."""
    return absence_reasons(index.stored(), source_names(settings))
