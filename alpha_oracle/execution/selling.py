"""Lots are sold that are due, and entries wait for it: what a sale brings goes to the best of them.

An exit waits until what it needs comes. What ended without selling is tried again, a few times, and
what a session leaves unsold is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.portfolio import LotKey
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_records import SignalOutcome, SignalOutcomeKind
from alpha_oracle.execution.activity import sent_at
from alpha_oracle.execution.booking import key_of
from alpha_oracle.execution.exits import due_lots, on_exit_signal
from alpha_oracle.execution.halting import an_alert
from alpha_oracle.execution.order_requests import Refusal
from alpha_oracle.execution.placements import Declined, Placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.portfolio import Lot
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.execution.exits import DueExit
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.placements import Placement
    from alpha_oracle.execution.placing import Placer
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock


class Seller:
    """Turns due lots and wishes to leave into sales."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        placer: Placer,
        *,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._placer = placer
        self._clock = clock
        self._declined: set[str] = set()
        self._told: set[str] = set()
        self._given_up_at: tuple[Session, bool, int] | None = None
        self._due: tuple[tuple[Session, int], list[tuple[DueExit, list[Order]]]] | None = None

    def due(self) -> list[DueExit]:
        """Return the lots to try to sell now."""
        now = self._clock.now()
        return [one for one, at in self._wanted() if at <= now]

    def give_up(self) -> None:
        """Tell of lots that no order of this session sold, and none will any more."""
        session = self._gatherer.session
        is_over = self._clock.now() >= self._rules.window.end(session)
        looked_at = (session, is_over, self._ledger.version)
        if looked_at == self._given_up_at:
            return
        for due, sales in self._due_lots():
            if self._rules.persistence.gave_up(sales, is_over=is_over):
                self._tell_of(due.lot, sales)
        self._given_up_at = looked_at

    def awaited(self) -> str:
        """Return what entries wait for, empty: nothing.

        While a sale of this session is not final they wait, for their patience at most after the
        last was sent, slices included, and those not that only took another's place; for a sale
        that itself only waits, at most for as long after the window's start. They wait for no sale
        that risk declines, and for none while trading is halted: what nobody lets out now springs
        not to life when trading goes on.
        """
        session, now = self._gatherer.session, self._clock.now()
        patience = self._rules.entry_patience
        if self._gatherer.is_halted():
            return ""
        sales = [
            one
            for one in self._ledger.book.unfinished()
            if one.side is Side.SELL and one.session == session
        ]
        if sales and now < max(map(self._awaited_since, sales)) + patience:
            return f"the sale of {_named(one.symbol for one in sales)}"
        waiting = [
            one.lot.symbol
            for one, _ in self._wanted()
            if one.order_id(session) not in self._declined
        ]
        if waiting and now < self._rules.window.start(session) + patience:
            return f"the sale of {_named(waiting)}, which waits itself"
        return ""

    def hear(self, signal: ReceivedSignal) -> None:
        """Sell the lot a SHORT or FLAT wants out of, or mark it to be sold in its time."""
        key = LotKey(signal.strategy, signal.symbol)
        decision = on_exit_signal(
            signal,
            self._ledger.book.lots.get(key),
            self._gatherer.session,
            sellable=self._gatherer.exposure(None).sellable.get(key, 0),
        )
        if isinstance(decision, Refusal):
            self._ledger.refuse(signal, decision.detail, by=decision.refused_by)
            return
        due = decision.due
        if due is not None and not self._sales(due.lot):
            placement = self._place(due, signal, lot=decision.lot)
            if isinstance(placement, Placed):
                return
        self.mark(signal, decision.lot)

    def mark(self, signal: ReceivedSignal, lot: Lot, *, reason: str = "") -> None:
        """Put a lot that wants out on record, as what became of a signal."""
        outcome = SignalOutcome(
            signal_id=signal.signal_id,
            kind=SignalOutcomeKind.MARKED,
            at=self._clock.now(),
            reason=reason,
        )
        self._ledger.commit(
            self._ledger.change(f"signal|{signal.signal_id}", outcomes=(outcome,), lots=(lot,))
        )

    def sell(self, due: DueExit) -> None:
        """Place the sale of a lot; where risk declines, that is on record once a session."""
        placement = self._place(due, None, lot=None)
        order_id = due.order_id(self._gatherer.session)
        self._declined.discard(order_id)
        if isinstance(placement, Declined):
            self._declined.add(order_id)
            self._held_back(order_id, placement)

    def _wanted(self) -> list[tuple[DueExit, datetime]]:
        found = []
        for due, sales in self._due_lots():
            at = self._rules.persistence.next_at(sales)
            if at is not None:
                found.append((replace(due, attempt=len(sales)), at))
        return found

    def _due_lots(self) -> list[tuple[DueExit, list[Order]]]:
        by = (self._gatherer.session, self._ledger.version)
        if self._due is None or self._due[0] != by:
            self._due = (by, self._look_for_due_lots())
        return self._due[1]

    def _look_for_due_lots(self) -> list[tuple[DueExit, list[Order]]]:
        sellable = {
            LotKey(*key): count for key, count in self._gatherer.exposure(None).sellable.items()
        }
        due = due_lots(self._ledger.book.lots.values(), self._gatherer.session, sellable=sellable)
        return [(one, self._sales(one.lot)) for one in due]

    def _awaited_since(self, sale: Order) -> datetime:
        if sale.parent_id is not None:
            return sent_at(sale)
        sales = self._ledger.book.sales_of(key_of(sale), sale.session)
        return self._rules.persistence.awaited_since(sales)

    def _sales(self, lot: Lot) -> list[Order]:
        return self._ledger.book.sales_of(lot.key, self._gatherer.session)

    def _place(self, due: DueExit, signal: ReceivedSignal | None, *, lot: Lot | None) -> Placement:
        symbol, session = due.lot.symbol, self._gatherer.session
        shelf = self._gatherer.references
        shelf.cover({symbol}, session=session)
        told = None if signal is None else shelf.told_today(signal).reference_price
        request = self._rules.generator.exit(
            due,
            session,
            signal_id=None if signal is None else signal.signal_id,
            reference_price=told or shelf.last_close(symbol),
        )
        quotes = self._gatherer.quotes(symbol)
        return self._placer.place(
            request, quotes, signal=signal, lots=() if lot is None else (lot,)
        )

    def _held_back(self, order_id: str, declined: Declined) -> None:
        name = f"held|{order_id}|{declined.reason.partition(':')[0]}"
        if name not in self._told:
            self._ledger.commit(
                self._ledger.change(
                    name, cascade_runs=declined.runs, day_trade_decisions=declined.decisions
                )
            )
            self._told.add(name)

    def _tell_of(self, lot: Lot, sales: Sequence[Order]) -> None:
        last = sales[-1]
        name = f"given_up|{last.order_id}"
        if name in self._told:
            return
        end = f"{last.status.lower()}, {last.history[-1].reason or 'no reason told'}"
        message = (
            f"{lot.quantity} {lot.symbol} of {lot.strategy} are not sold after {len(sales)} orders "
            f"(the last: {end}); they are due again in the next session"
        )
        alert = an_alert("exit_failed", message, severity=Severity.HIGH, at=self._clock.now())
        self._ledger.commit(self._ledger.change(name, announcements=(alert,)))
        self._told.add(name)


def _named(symbols: Iterable[str]) -> str:
    return ", ".join(sorted(set(symbols)))
