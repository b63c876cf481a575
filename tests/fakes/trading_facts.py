"""Reference data and companions of the engine in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from alpha_oracle.domain.trading_facts import References
from alpha_oracle.domain.trading_records import Mismatch, Reconciliation
from alpha_oracle.errors import StoreUnavailable


@dataclass
class InMemoryTradingFacts:
    """What a test says is known; `is_away`: out of reach."""

    known: References = field(
        default_factory=lambda: References(session=date.min, symbols=frozenset())
    )
    corporate_actions: list = field(default_factory=list)
    is_away: bool = False

    def references(self, symbols, *, session):
        self._reach()
        return replace(self.known, session=session, symbols=frozenset(symbols))

    def actions(self, symbols, *, after, through):
        self._reach()
        return tuple(
            one
            for one in self.corporate_actions
            if one.symbol in symbols and after < one.ex_date <= through
        )

    def _reach(self):
        if self.is_away:
            raise StoreUnavailable("reference data is out of reach")


def plainly_reconciled(book, snapshot, *, occasion, strangers):
    """Shares side by side; any mismatch is a drift of all there is."""
    held = {}
    for lot in book.lots.values():
        held[lot.symbol] = held.get(lot.symbol, 0) + lot.quantity
    mismatches = tuple(
        Mismatch(
            symbol=symbol,
            book=held.get(symbol, 0),
            broker=snapshot.positions.get(symbol, 0),
            price=None,
        )
        for symbol in sorted(held.keys() | snapshot.positions.keys())
        if held.get(symbol, 0) != snapshot.positions.get(symbol, 0)
    )
    found = Reconciliation(
        account=book.state.account,
        at=snapshot.at,
        occasion=occasion,
        mismatches=mismatches,
        drift_pct=Decimal(100) if mismatches else Decimal(0),
        cash_difference_usd=snapshot.account.cash - book.state.cash_usd,
        strangers=tuple(sorted(strangers)),
    )
    return found, ()
