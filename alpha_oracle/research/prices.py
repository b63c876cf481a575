"""Every bar stored, of SPY as of any symbol, as known at an instant: prices and actions alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.errors import DataError
from alpha_oracle.features.adjustment import build_panel

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.ports.bars import BarStore
    from alpha_oracle.ports.reference import ReferenceStore


def load_prices(bars: BarStore, reference: ReferenceStore, *, as_of: datetime) -> MarketPanel:
    """Return every stored session and symbol, SPY like any other, without a context.

    Raises:
        DataError: no bar is stored, or none was known at `as_of`.
    """
    span = bars.span()
    if span is None:
        raise DataError("no bars are stored; import or backfill them first")
    stored = bars.load(start=span[0], end=span[1], as_of=as_of)
    if not len(stored.bars):
        raise DataError(f"no bar was known at {as_of.isoformat()}; ask as of a later instant")
    days = stored.bars.session
    return build_panel(
        stored,
        calendar.sessions_between(days.min().item(), days.max().item()),
        actions_known=reference.actions(as_of=as_of),
        actions_all=reference.actions(),
        members=(),
    )
