"""The market as it was known at an instant, from the stores; a process keeps the last one."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.runs import FeatureReport
from alpha_oracle.errors import DataError
from alpha_oracle.features import registry
from alpha_oracle.features.adjustment import build_panel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.ports.bars import BarStore
    from alpha_oracle.ports.reference import ReferenceStore


def load_market(
    bar_store: BarStore, reference: ReferenceStore, *, session: Session, as_of: datetime
) -> MarketPanel:
    """Return every stored session up to `session`, as known at `as_of`.

    Raises:
        DataError: no bar is stored up to the session, or none was known at `as_of`.
    """
    span = bar_store.span()
    if span is None or span[0] > session:
        raise DataError(f"no bars are stored up to {session}; import or backfill them first")
    stored = bar_store.load(start=span[0], end=session, as_of=as_of)
    if not len(stored.bars):
        raise DataError(
            f"no bar up to {session} was known at {as_of.isoformat()}; ask as of a later instant"
        )
    return build_panel(
        stored,
        calendar.sessions_between(span[0], session),
        actions_known=reference.actions(as_of=as_of),
        actions_all=reference.actions(),
        members=reference.memberships(as_of=as_of),
    )


def feature_report(market: MarketPanel, features: FeatureStore) -> FeatureReport:
    """Compute and cache every registered feature; say how much of the last session is known."""
    values = features.compute(market, [feature.name for feature in registry.all()])
    listed = np.isfinite(market.traded_close[-1])
    known = [np.isfinite(feature[-1][listed]).sum() for feature in values.values()]
    return FeatureReport(
        features=len(values),
        sessions=len(market.sessions),
        symbols=len(market.symbols),
        coverage_pct=100.0 * float(np.mean(known)) / max(int(listed.sum()), 1),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureRows:
    """Features in long form: one row a session and symbol with a bar, by session then symbol."""

    sessions: NDArray[np.datetime64]
    symbols: tuple[Symbol, ...]
    values: Mapping[str, NDArray[np.float32]]


def feature_rows(market: MarketPanel, features: FeatureStore, *, start: Session) -> FeatureRows:
    """Return every registered feature from session `start` to the market's last."""
    values = features.compute(market, [feature.name for feature in registry.all()], first=start)
    first = int(np.searchsorted(market.sessions, np.datetime64(start, "D")))
    sessions, symbols = np.nonzero(np.isfinite(market.traded_close[first:]))
    return FeatureRows(
        sessions=market.sessions[first:][sessions],
        symbols=tuple(market.symbols[symbol] for symbol in symbols.tolist()),
        values={name: matrix[sessions, symbols] for name, matrix in values.items()},
    )


class MarketMemory:
    """The last market loaded, so that the steps of one run read the stores once."""

    def __init__(self, bar_store: BarStore, reference: ReferenceStore) -> None:
        self._bar_store = bar_store
        self._reference = reference
        self._guard = threading.Lock()
        self._key: tuple[Session, datetime] | None = None
        self._panel: MarketPanel | None = None

    def market(self, session: Session, *, as_of: datetime) -> MarketPanel:
        """Return the market up to a session as known at an instant.

        Raises:
            DataError: no bar is stored up to the session.
        """
        with self._guard:
            if self._panel is None or self._key != (session, as_of):
                self._panel = load_market(
                    self._bar_store, self._reference, session=session, as_of=as_of
                )
                self._key = (session, as_of)
            return self._panel

    def forget(self) -> None:
        """Read the stores again when asked next."""
        with self._guard:
            self._panel = None
