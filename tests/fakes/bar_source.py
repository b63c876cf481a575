"""A bar source that answers from bars given to it."""

from dataclasses import dataclass, replace

import numpy as np

from alpha_oracle.domain.bars import Absence, ReceivedBars
from alpha_oracle.domain.requests import RequestPlan
from alpha_oracle.errors import BudgetSpent


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


class VendorBarSource(InMemoryBarSource):
    """Answers like a vendor: cannot say what it offers, may be metered, says why it gave nothing.

    `says` are the kinds of absence it tells by symbol; `failure` is raised in place of an answer
    while it is set. `left` requests a day are left, one a symbol; answers stay free once paid for.
    """

    def __init__(self, holds, *, says=None, failure=None, left=None):
        super().__init__(holds=holds)
        self.__dict__.update(
            says=says or {}, failure=failure, left=left, asked=[], paid=set(), spent=0
        )

    def now_holds(self, holds):
        self.__dict__["holds"] = holds

    def fails_with(self, failure):
        self.__dict__["failure"] = failure

    def symbols(self, session):
        return None

    def plan(self, symbols, *, start, end):
        requests = 0 if self.left is None else len(set(symbols) - self.paid)
        return RequestPlan(
            source=self.name,
            symbols=len(symbols),
            requests=requests,
            left=self.left,
            per_day=None if self.left is None else self.left + self.spent,
        )

    def fetch(self, symbols, *, start, end):
        self.asked.append(tuple(symbols))
        if self.failure is not None:
            raise self.failure
        self._pay(symbols)
        answer = super().fetch(symbols, start=start, end=end)
        there = {answer.bars.symbols[code] for code in answer.bars.symbol_index.tolist()}
        absent = tuple(
            Absence(symbol=symbol, source=self.name, kind=kind, reason=f"{symbol}: {kind} here")
            for symbol, kind in self.says.items()
            if symbol in symbols and symbol not in there
        )
        return replace(answer, absent=absent)

    def _pay(self, symbols):
        if self.left is None:
            return
        for symbol in sorted(set(symbols) - self.paid):
            if not self.left:
                raise BudgetSpent("the day's requests are used up")
            self.paid.add(symbol)
            self.__dict__.update(left=self.left - 1, spent=self.spent + 1)
