"""A bar source that answers from bars given to it."""

from dataclasses import dataclass, replace

import numpy as np

from alpha_oracle.domain.bars import ReceivedBars
from alpha_oracle.domain.requests import RequestPlan


@dataclass(frozen=True, kw_only=True)
class InMemoryBarSource:
    """Answers from `holds`, under the name its batch gives as the source."""

    holds: ReceivedBars

    @property
    def name(self):
        return self.holds.batch.source

    @property
    def basis(self):
        return self.holds.batch.basis

    def plan(self, symbols, *, start, end):
        return RequestPlan(source=self.name, symbols=len(symbols), requests=0)

    def symbols(self, session):
        bars = self.holds.bars
        there = np.unique(bars.symbol_index[bars.session == np.datetime64(session, "D")])
        return tuple(bars.symbols[code] for code in there.tolist())

    def fetch(self, symbols, *, start, end):
        bars = self.holds.bars
        asked = np.array([symbol in set(symbols) for symbol in bars.symbols], dtype=np.bool_)
        rows = asked[bars.symbol_index] if len(bars) else np.empty(0, dtype=np.bool_)
        rows &= (bars.session >= np.datetime64(start, "D")) & (
            bars.session <= np.datetime64(end, "D")
        )
        return replace(
            self.holds,
            bars=bars.take(rows),
            actions=tuple(
                action
                for action in self.holds.actions
                if action.symbol in symbols and start <= action.ex_date <= end
            ),
        )
