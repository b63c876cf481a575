"""The market as matrices: the form every feature, strategy and simulation reads."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.context import NO_CONTEXT, MarketContext

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session, Symbol


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class MarketPanel:
    """Bars of every symbol over a range of sessions, `sessions x symbols`, both ascending.

    `open`, `high`, `low`, `close` (USD) and `volume` (shares) are adjusted forward from each
    symbol's first bar: splits and dividends scale what comes after them, so no later action
    changes an earlier value. `traded_open` and `traded_close` are as traded. `split` is the new
    shares for one old going ex at a session's open (1 where none), `dividend` the cash a share,
    USD as traded (0 where none). A symbol without a bar on a session is NaN in every price and
    in volume. `is_member` is the universe of each session.
    """

    sessions: NDArray[np.datetime64]
    symbols: tuple[Symbol, ...]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    traded_open: NDArray[np.float64]
    traded_close: NDArray[np.float64]
    split: NDArray[np.float64]
    dividend: NDArray[np.float64]
    is_member: NDArray[np.bool_]
    context: MarketContext = NO_CONTEXT

    @property
    def split_factor(self) -> NDArray[np.float64]:
        """Shares that one of the symbol's first bar has become, `sessions x symbols`."""
        factor: NDArray[np.float64] = np.cumprod(self.split, axis=0, dtype=np.float64)
        return factor

    def until(self, session: Session) -> MarketPanel:
        """Return the panel as it stood at a session's close: nothing after it is in sight."""
        stop = int(np.searchsorted(self.sessions, np.datetime64(session, "D"), side="right"))
        cut = {
            field.name: getattr(self, field.name)[:stop]
            for field in fields(self)
            if field.name not in {"symbols", "context"}
        }
        return replace(self, **cut, context=self.context.until(stop))

    def restricted_to(self, symbols: Collection[Symbol]) -> MarketPanel:
        """Return the panel with a universe of these symbols, each from its first bar on.

        A session that one of them misses is no departure.
        """
        chosen = np.array([symbol in symbols for symbol in self.symbols], dtype=np.bool_)
        is_listed = np.logical_or.accumulate(np.isfinite(self.traded_close), axis=0)
        return replace(self, is_member=is_listed & chosen)
