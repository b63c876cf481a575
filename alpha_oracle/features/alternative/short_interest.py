"""How many shares are sold short, against the company, its past and its trading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features import ranks
from alpha_oracle.features.declaration import feature
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.features.declaration import Panel
    from alpha_oracle.features.ranks import Codes, Members, Standings

    Values = NDArray[np.float64]


@feature(group="alternative", inputs=("short_shares", "shares"), lookback_sessions=1)
def short_interest_ratio(short_shares: Panel, shares: Panel) -> Panel:
    """Shares sold short as a fraction of shares outstanding: short / outstanding.

    Asquith, Pathak and Ritter (2005). NaN where the count of shares is unknown.
    """
    return over_positive(short_shares, shares)


@feature(group="alternative", inputs=("short_shares", "short_shares_before"), lookback_sessions=1)
def short_interest_change(short_shares: Values, short_shares_before: Values) -> Values:
    """Shares sold short against the report before, as a fraction: short / before - 1.

    Splits aside. NaN where the report before is missing or told of none.
    """
    return over_positive(short_shares, short_shares_before) - 1.0


@feature(
    group="alternative",
    inputs=("short_shares", "short_shares_mean_24", "short_shares_deviation_24"),
    lookback_sessions=1,
)
def short_interest_z_score(
    short_shares: Values, short_shares_mean_24: Values, short_shares_deviation_24: Values
) -> Values:
    """Shares sold short against a year of reports, in their sample deviations.

    (short - mean of 24 reports) / deviation, the newest report included. NaN before there are 24,
    or where they never changed.
    """
    return over_positive(short_shares - short_shares_mean_24, short_shares_deviation_24)


@feature(group="alternative", inputs=("short_shares", "short_volume"), lookback_sessions=1)
def days_to_cover(short_shares: Values, short_volume: Values) -> Values:
    """Sessions of average trading that the shares sold short amount to.

    Shares short / average daily volume told with them; Hong, Li, Ni, Scheinkman and Yan (2016).
    The quotient itself, where the published figure is never below 1. NaN where nothing was traded.
    """
    return over_positive(short_shares, short_volume)


@feature(
    group="alternative",
    inputs=("short_interest_ratio", "sector", "is_member"),
    lookback_sessions=1,
)
def short_interest_sector_percentile(
    short_interest_ratio: Standings, sector: Codes, is_member: Members
) -> Standings:
    """Rank of the short interest ratio among the sector's members, 0 to 1: (rank - 0.5) / members.

    NaN outside the universe, without a sector, or with fewer than 3 members to compare.
    """
    return ranks.sector_percentile(short_interest_ratio, sector, is_member)
