"""How much of the index a market holds: what a backtest did not see may be what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Membership, Session, Symbol
    from alpha_oracle.features.panel import MarketPanel


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexCoverage:
    """The members of a session that had a bar on it, in percent of all members.

    `mean_pct` is over the sessions on which the index had members, each counting once; `worst_pct`
    is that of `worst_session`, the first where several are as bad.
    """

    mean_pct: float
    worst_pct: float
    worst_session: Session


def index_coverage(
    memberships: Sequence[Membership],
    *,
    sessions: NDArray[np.datetime64],
    symbols: Sequence[Symbol],
    has_bar: NDArray[np.bool_],
) -> IndexCoverage | None:
    """Return how much of the index had bars; None where no membership covers any of the sessions.

    `has_bar` is `sessions x symbols`, `sessions` ascending. A member that is none of the symbols
    had no bar; a symbol that is no member counts for nothing.
    """
    names = sorted({stay.symbol for stay in memberships})
    is_member = _members(memberships, names, sessions=sessions)
    members = is_member.sum(axis=1)
    rows = np.flatnonzero(members)
    if not len(rows):
        return None
    seen = is_member & _bars_of(names, symbols=symbols, has_bar=has_bar)
    pct = 100.0 * seen.sum(axis=1)[rows] / members[rows]
    worst = int(np.argmin(pct))
    return IndexCoverage(
        mean_pct=float(np.mean(pct)),
        worst_pct=float(pct[worst]),
        worst_session=sessions[rows[worst]].item(),
    )


def coverage_pct(
    memberships: Sequence[Membership], market: MarketPanel, sessions: NDArray[np.datetime64]
) -> float | None:
    """Return the mean of `index_coverage` over sessions of a market that follow one another."""
    if not len(sessions):
        return None
    first, last = np.searchsorted(market.sessions, sessions[[0, -1]])
    rows = slice(int(first), int(last) + 1)
    covered = index_coverage(
        memberships,
        sessions=market.sessions[rows],
        symbols=market.symbols,
        has_bar=np.isfinite(market.traded_close[rows]),
    )
    return None if covered is None else covered.mean_pct


def _members(
    memberships: Sequence[Membership], names: Sequence[Symbol], *, sessions: NDArray[np.datetime64]
) -> NDArray[np.bool_]:
    column_of = {name: column for column, name in enumerate(names)}
    is_member = np.zeros((len(sessions), len(names)), np.bool_)
    for stay in memberships:
        span = np.array([stay.start, stay.end or date.max], dtype="datetime64[D]")
        first, stop = np.searchsorted(sessions, span)
        is_member[first:stop, column_of[stay.symbol]] = True
    return is_member


def _bars_of(
    names: Sequence[Symbol], *, symbols: Sequence[Symbol], has_bar: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    column_of = {symbol: column for column, symbol in enumerate(symbols)}
    bars = np.zeros((len(has_bar), len(names)), np.bool_)
    for place, name in enumerate(names):
        if name in column_of:
            bars[:, place] = has_bar[:, column_of[name]]
    return bars
