"""Why a family has nothing, and what to do about it: said where its features would be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.reference import Family

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WHAT: Final = {
    Family.FUNDAMENTALS: "statements",
    Family.INSIDERS: "ownership filings",
    Family.SHORT_INTEREST: "short interest",
    Family.VOLATILITY: "VIX",
    Family.BENCHMARK: "bar of SPY",
    Family.SECTORS: "sectors",
}
WAYS: Final = {
    Family.FUNDAMENTALS: "set data.reference.fundamentals, or `import fundamentals`",
    Family.INSIDERS: "set data.reference.insiders, or `import insiders`",
    Family.SHORT_INTEREST: "set data.reference.short_interest, or `import short-interest`",
    Family.VOLATILITY: "set data.reference.volatility, or `import volatility`",
    Family.BENCHMARK: "set data.reference.benchmark to bars, or `import bars` that hold SPY",
    Family.SECTORS: "`import sectors`",
}
REFRESH: Final = {
    Family.FUNDAMENTALS: "`reference fundamentals`",
    Family.INSIDERS: "`reference alternative`",
    Family.SHORT_INTEREST: "`reference alternative`",
    Family.VOLATILITY: "`reference alternative`",
    Family.BENCHMARK: "`backfill`",
}


def absence_reasons(
    stored: Collection[Family], sources: Mapping[Family, str | None]
) -> dict[Family, str]:
    """Return, for each family of which nothing is stored, why and what to do.

    `sources` are who is asked for each; None or absent: nobody.
    """
    return {
        family: _reason(family, sources.get(family)) for family in Family if family not in stored
    }


def _reason(family: Family, source: str | None) -> str:
    if source is None:
        return f"no {WHAT[family]} stored and nobody is asked: {WAYS[family]}"
    return f"no {WHAT[family]} stored: {source} gave none yet; run {REFRESH[family]}"
