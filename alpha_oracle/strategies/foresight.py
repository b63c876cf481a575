"""Whether a strategy sees the future: what it decided is asked again with the future cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.strategies.deciding import wishes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.strategies.base import Decisions, Strategy

    Features = Mapping[str, NDArray[np.float32]]

BUSY_CUTS: Final = 16
"""Cuts at sessions on which it wants an entry: there a glance ahead is seen at once."""

OTHER_CUTS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """A wish for `symbol` on `session` that was another one when the market ended on `known_to`."""

    session: Session
    symbol: Symbol
    known_to: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Honesty:
    """What a check of a strategy found, after `cuts` cuts of a market on which it made `entries`.

    `is_repeatable` is False where the same market gave other wishes the second time; then
    `foresight` is not looked for.
    """

    strategy: str
    entries: int
    cuts: int
    is_repeatable: bool
    foresight: Foresight | None

    @property
    def is_honest(self) -> bool:
        """Whether nothing was found against it."""
        return self.is_repeatable and self.foresight is None


def check_honesty(strategy: Strategy, market: MarketPanel, features: Features) -> Honesty:
    """Ask a strategy twice, then on markets cut off at some sessions, and compare to the bit.

    Features are proved not to see the future; they are cut, not computed anew.

    Raises:
        ConfigurationError: it failed, or what it gave is no wish.
    """
    whole = wishes_of(strategy, market, features)
    is_repeatable = not _differs(wishes_of(strategy, market, features), whole).any()
    rows = _rows_to_cut(whole) if is_repeatable else []
    found = (_foresight(strategy, market, features, whole=whole, row=row) for row in rows)
    return Honesty(
        strategy=strategy.name,
        entries=int(np.count_nonzero(whole.entry > 0)),
        cuts=len(rows),
        is_repeatable=is_repeatable,
        foresight=next((one for one in found if one is not None), None),
    )


def _rows_to_cut(whole: Decisions) -> list[int]:
    # Newest first: what a strategy does now matters most. The last row has no future to cut.
    last = len(whole.entry) - 1
    busy = np.flatnonzero((whole.entry[:last] > 0).any(axis=1))
    chosen = {*_spread(busy, BUSY_CUTS), *_spread(np.arange(last // 2, last), OTHER_CUTS)}
    return sorted(chosen, reverse=True)


def _spread(rows: NDArray[np.int64], count: int) -> list[int]:
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64)
    return [int(row) for row in rows[places]]


def _foresight(
    strategy: Strategy, market: MarketPanel, features: Features, *, whole: Decisions, row: int
) -> Foresight | None:
    stop = row + 1
    known_to: Session = market.sessions[row].item()
    shown = {name: features[name][:stop] for name in strategy.features}
    differs = _differs(wishes_of(strategy, market.until(known_to), shown), whole)
    if not differs.any():
        return None
    session, symbol = np.argwhere(differs)[-1].tolist()
    return Foresight(
        session=market.sessions[session].item(),
        symbol=market.symbols[symbol],
        known_to=known_to,
    )


def _differs(one: Decisions, other: Decisions) -> NDArray[np.bool_]:
    stop = len(one.entry)
    entries = one.entry.view(np.int64) != other.entry[:stop].view(np.int64)
    shorts = _bearish(one).view(np.int64) != _bearish(other)[:stop].view(np.int64)
    differs: NDArray[np.bool_] = entries | shorts | (one.exit != other.exit[:stop])
    return differs


def _bearish(decided: Decisions) -> NDArray[np.float64]:
    return np.full(decided.entry.shape, np.nan) if decided.short is None else decided.short
