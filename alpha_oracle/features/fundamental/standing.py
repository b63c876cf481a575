"""Where a company's figures stand among the members of its sector on the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features import ranks
from alpha_oracle.features.declaration import feature
from alpha_oracle.features.fundamental import (  # noqa: F401 - declare what is ranked.
    growth,
    profitability,
    valuation,
)

if TYPE_CHECKING:
    from alpha_oracle.features.ranks import Codes, Members, Standings


@feature(group="fundamental", inputs=("earnings_yield", "sector", "is_member"), lookback_sessions=1)
def earnings_yield_sector_percentile(
    earnings_yield: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Rank of earnings yield among the members of the sector, 0 to 1: (rank - 0.5) / members.

    Relative to the industry, after Cohen and Polk (1998). NaN outside the universe, without a
    sector, or with fewer than 3 members to compare.
    """
    return ranks.sector_percentile(earnings_yield, sector, is_member)


@feature(group="fundamental", inputs=("book_to_market", "sector", "is_member"), lookback_sessions=1)
def book_to_market_sector_percentile(
    book_to_market: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Rank of book to market among the members of the sector, 0 to 1: (rank - 0.5) / members.

    Relative to the industry, after Cohen and Polk (1998). NaN where
    `earnings_yield_sector_percentile` is.
    """
    return ranks.sector_percentile(book_to_market, sector, is_member)


@feature(group="fundamental", inputs=("roe", "sector", "is_member"), lookback_sessions=1)
def roe_sector_percentile(roe: Standings, sector: Codes, is_member: Members) -> Standings:
    """Rank of return on equity among the members of the sector, 0 to 1: (rank - 0.5) / members.

    NaN where `earnings_yield_sector_percentile` is.
    """
    return ranks.sector_percentile(roe, sector, is_member)


@feature(group="fundamental", inputs=("gross_margin", "sector", "is_member"), lookback_sessions=1)
def gross_margin_sector_percentile(
    gross_margin: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Rank of gross margin among the members of the sector, 0 to 1: (rank - 0.5) / members.

    NaN where `earnings_yield_sector_percentile` is.
    """
    return ranks.sector_percentile(gross_margin, sector, is_member)


@feature(group="fundamental", inputs=("revenue_growth", "sector", "is_member"), lookback_sessions=1)
def revenue_growth_sector_percentile(
    revenue_growth: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Rank of revenue growth among the members of the sector, 0 to 1: (rank - 0.5) / members.

    NaN where `earnings_yield_sector_percentile` is.
    """
    return ranks.sector_percentile(revenue_growth, sector, is_member)
