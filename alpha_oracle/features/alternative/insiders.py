"""What insiders do with their own money: purchases and sales on the open market.

Windows count sessions of the panel, from the one a filing was known on. A symbol whose filings
are complete and tell of no trade has none: that is a 0. Where filings may be missing it is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.features.alternative import windows
from alpha_oracle.features.declaration import feature, shared
from alpha_oracle.features.quotients import over_positive

if TYPE_CHECKING:
    from alpha_oracle.features.alternative.windows import StandingTrades
    from alpha_oracle.features.context import InsiderTrades
    from alpha_oracle.features.declaration import Panel


@shared
def standing_trades(insider_trades: InsiderTrades) -> StandingTrades:
    """Trades with what amendments took back."""
    return windows.standing(insider_trades)


@feature(group="alternative", inputs=("insider_trades",), lookback_sessions=63)
def insider_net_purchase_ratio_63(standing_trades: StandingTrades) -> Panel:
    """Insiders' purchases less sales of 63 sessions, as a fraction of both, by value.

    (bought - sold) / (bought + sold), -1 to 1; Lakonishok and Lee (2001). 0 where nobody traded,
    which leans to neither side; trades without a price are left out, NaN where there are no
    others. NaN until 63 sessions are covered.
    """
    return windows.net_purchase_ratio(standing_trades, 63)


@feature(group="alternative", inputs=("insider_trades",), lookback_sessions=126)
def insider_net_purchase_ratio_126(standing_trades: StandingTrades) -> Panel:
    """Insiders' purchases less sales of 126 sessions, as a fraction of both, by value.

    (bought - sold) / (bought + sold), -1 to 1; Lakonishok and Lee (2001). As over 63 sessions; NaN
    until 126 are covered.
    """
    return windows.net_purchase_ratio(standing_trades, 126)


@feature(group="alternative", inputs=("insider_trades", "shares"), lookback_sessions=126)
def insider_net_purchase_fraction_126(standing_trades: StandingTrades, shares: Panel) -> Panel:
    """Shares insiders bought less those they sold in 126 sessions, of shares outstanding.

    Seyhun (1986), as a fraction and splits aside. 0 where nobody traded. NaN until 126 sessions
    are covered, or where the count of shares is unknown.
    """
    return over_positive(windows.net_shares(standing_trades, 126), shares)


@feature(group="alternative", inputs=("insider_trades",), lookback_sessions=63)
def insider_purchases_63(standing_trades: StandingTrades) -> Panel:
    """How many purchases insiders reported in 63 sessions.

    Purchases tell more than sales: Lakonishok and Lee (2001). NaN until 63 sessions are covered.
    """
    return windows.purchases(standing_trades, 63)


@feature(group="alternative", inputs=("insider_trades",), lookback_sessions=21)
def insider_cluster_buyers_21(standing_trades: StandingTrades) -> Panel:
    """How many different insiders bought within 21 sessions.

    Clusters, after Alldredge and Blank (2019). NaN until 21 sessions are covered.
    """
    return windows.buyers(standing_trades, 21)


@feature(group="alternative", inputs=("insider_trades",), lookback_sessions=126)
def insider_officer_share_126(standing_trades: StandingTrades) -> Panel:
    """Officers' part of what insiders bought and sold in 126 sessions, by value, as a fraction.

    Officers know most: Seyhun (1986). NaN where nobody traded, as there is nothing to have a part
    in, and until 126 sessions are covered.
    """
    return windows.officers_share(standing_trades, 126)


@feature(group="alternative", inputs=("insider_trades",), lookback_sessions=252)
def insider_sessions_since_purchase(standing_trades: StandingTrades) -> Panel:
    """Sessions since a purchase by an insider was last known, 252 where there was none in 252.

    0 on the session itself. NaN until 252 sessions are covered.
    """
    return windows.sessions_since_purchase(standing_trades, 252)
