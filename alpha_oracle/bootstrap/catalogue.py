"""The feature catalogue, with what stands in the way of each feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.bootstrap.records import opened_records
from alpha_oracle.domain.reference import Family
from alpha_oracle.errors import AlphaOracleError
from alpha_oracle.features import registry
from alpha_oracle.features.formula import REPORT_FIELDS, SHORT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.features.declaration import Feature

FAMILY_OF: Final[Mapping[str, Family]] = {
    **dict.fromkeys(REPORT_FIELDS, Family.FUNDAMENTALS),
    **dict.fromkeys(SHORT_FIELDS, Family.SHORT_INTEREST),
    "insider_trades": Family.INSIDERS,
    "vix": Family.VOLATILITY,
    "spy": Family.BENCHMARK,
    "sector": Family.SECTORS,
}
"""The family each field of a panel comes from; the others come with the bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A feature; `unknown_because` tells why it is null everywhere, None where it is not."""

    feature: Feature
    unknown_because: str | None


def feature_catalogue() -> list[CatalogueEntry]:
    """Return every registered feature with what it lacks, as stored now."""
    absent = _absences()
    return [
        CatalogueEntry(feature=feature, unknown_because=_lack(feature, absent))
        for feature in registry.all()
    ]


def families_of(feature: Feature) -> list[Family]:
    """Return the families a feature reads, directly or through other features."""
    return sorted({FAMILY_OF[name] for name in feature.formula.fields() if name in FAMILY_OF})


def _lack(feature: Feature, absent: Mapping[Family, str]) -> str | None:
    return "; ".join(absent[one] for one in families_of(feature) if one in absent) or None


def _absences() -> Mapping[Family, str]:
    try:
        with opened_records() as records:
            return records.absences()
    except AlphaOracleError as error:
        # The catalogue is readable without a store; what is stored is then not known.
        return dict.fromkeys(Family, f"what is stored is not known: {error}")
