"""How a symbol did against the market, its sector and the other members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features import ranks
from alpha_oracle.features.cross_asset import market_model  # noqa: F401 - declares what is ranked.
from alpha_oracle.features.declaration import feature
from alpha_oracle.features.series import growth
from alpha_oracle.features.technical import returns  # noqa: F401 - declares what is ranked.

if TYPE_CHECKING:
    from alpha_oracle.features.declaration import Panel
    from alpha_oracle.features.ranks import Codes, Members, Standings


@feature(group="cross_asset", inputs=("close", "spy"), lookback_sessions=22, stretch=1)
def spy_relative_strength_21(close: Panel, spy: Panel) -> Panel:
    """Total return over 21 sessions less that of SPY over the same, as a fraction.

    NaN until 22 sessions are known.
    """
    return growth(close, 21) - growth(spy, 21)


@feature(group="cross_asset", inputs=("close", "spy"), lookback_sessions=64, stretch=1)
def spy_relative_strength_63(close: Panel, spy: Panel) -> Panel:
    """Total return over 63 sessions less that of SPY over the same, as a fraction.

    NaN until 64 sessions are known.
    """
    return growth(close, 63) - growth(spy, 63)


@feature(group="cross_asset", inputs=("return_21", "sector", "is_member"), lookback_sessions=22)
def sector_relative_strength_21(
    return_21: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Total return over 21 sessions less the mean of the sector's members, as a fraction.

    Moskowitz and Grinblatt (1999). NaN until 22 sessions are known, outside the universe, without
    a sector, or with fewer than 3 members to compare.
    """
    return ranks.excess_over_sector_mean(return_21, sector, is_member)


@feature(group="cross_asset", inputs=("return_63", "sector", "is_member"), lookback_sessions=64)
def sector_relative_strength_63(
    return_63: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Total return over 63 sessions less the mean of the sector's members, as a fraction.

    Moskowitz and Grinblatt (1999). NaN until 64 sessions are known, outside the universe, without
    a sector, or with fewer than 3 members to compare.
    """
    return ranks.excess_over_sector_mean(return_63, sector, is_member)


@feature(group="cross_asset", inputs=("return_21", "is_member"), lookback_sessions=22)
def return_21_rank(return_21: Standings, is_member: Members) -> Standings:
    """Rank of the return over 21 sessions among the members, 0 to 1: (rank - 0.5) / members.

    NaN until 22 sessions are known, or outside the universe.
    """
    return ranks.percentile(return_21, is_member)


@feature(group="cross_asset", inputs=("momentum_12_1", "is_member"), lookback_sessions=253)
def momentum_12_1_rank(momentum_12_1: Standings, is_member: Members) -> Standings:
    """Rank of the year's momentum among the members, 0 to 1: (rank - 0.5) / members.

    What Jegadeesh and Titman (1993) sort by. NaN until 253 sessions are known, or outside the
    universe.
    """
    return ranks.percentile(momentum_12_1, is_member)


@feature(
    group="cross_asset", inputs=("idiosyncratic_volatility_60", "is_member"), lookback_sessions=61
)
def idiosyncratic_volatility_60_rank(
    idiosyncratic_volatility_60: Standings, is_member: Members
) -> Standings:
    """Rank of idiosyncratic volatility among the members, 0 to 1: (rank - 0.5) / members.

    What Ang, Hodrick, Xing and Zhang (2006) sort by. NaN until 61 sessions are known, or outside
    the universe.
    """
    return ranks.percentile(idiosyncratic_volatility_60, is_member)
