"""Stored bars as they were traded: prices in dollars of then, volumes in shares of then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.features.adjustment import build_panel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import StoredBars
    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.features.panel import MarketPanel


def recent_panel(
    stored: StoredBars, through: Session, *, actions: Sequence[CorporateAction]
) -> MarketPanel:
    """Return the market from the first bar given to a session; there must be a bar."""
    first = stored.bars.session.min().item()
    return build_panel(
        stored,
        calendar.sessions_between(first, through),
        actions_known=actions,
        actions_all=actions,
        members=(),
    )


def traded_volume(panel: MarketPanel) -> NDArray[np.float64]:
    """Return the shares traded, `sessions x symbols`; NaN without a bar."""
    return panel.volume * panel.split_factor


def split_ratio(
    actions: Iterable[CorporateAction], symbol: Symbol, *, after: Session, through: Session
) -> float:
    """Return how many shares one became by the splits in (after, through]."""
    ratio = 1.0
    for action in actions:
        is_split = action.kind is ActionKind.SPLIT and action.symbol == symbol
        if is_split and after < action.ex_date <= through:
            ratio *= float(action.value)
    return ratio
