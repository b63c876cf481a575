"""The first thing of a session: its corporate actions, and what its losses are counted from.

Executions of earlier sessions are booked before: they are in shares of before. `AccountState.at` is
the instant of the last roll, so that a worker that was away for days knows what it missed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.portfolio import with_peak
from alpha_oracle.execution.entitlements import entitle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from decimal import Decimal

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.portfolio import AccountState, Lot
    from alpha_oracle.domain.simulated import AppliedAction
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.surroundings import Ports


class SessionRoll:
    """Rolls the book into the session that has opened."""

    def __init__(self, ports: Ports, ledger: Ledger, gatherer: Gatherer) -> None:
        self._ports = ports
        self._ledger = ledger
        self._gatherer = gatherer

    def is_due(self) -> bool:
        """Whether the book is still that of an earlier session."""
        return self._rolled() < self._gatherer.session

    def _rolled(self) -> Session:
        return calendar.latest_opened_session(self._ledger.book.state.at)

    def roll(self) -> None:
        """Commit the book as the session begins with it; a snapshot has just been settled.

        Raises:
            BrokerAway: the simulated broker could not be told of the actions; roll again.
        """
        session, book = self._gatherer.session, self._ledger.book
        held = {lot.symbol for lot in book.lots.values() if lot.quantity}
        closes = self._gatherer.references.cover(held, session=session).last_closes
        actions = self._ports.facts.actions(held, after=self._rolled(), through=session)
        told = self._told(actions)
        before = [one for one in actions if one.ex_date < session]
        lots, cash = entitle(list(book.lots.values()), before, prices=closes, told=told)
        equity = _equity(lots, book.state.cash_usd + cash, closes)
        todays = [one for one in actions if one.ex_date == session]
        lots, paid = entitle(lots, todays, prices=_after(closes, todays), told=told)
        self._ledger.commit(
            self._ledger.change(
                f"roll|{session}",
                lots=tuple(lot for lot in lots if lot != book.lots[lot.key]),
                state=self._state(equity, cash + paid),
            )
        )
        book.marks = _after(closes, actions)
        book.forget(before=session)

    def _told(self, actions: Sequence[CorporateAction]) -> Collection[AppliedAction]:
        if not actions or self._ports.apply_actions is None:
            return ()
        return self._ports.apply_actions(actions)

    def begin(self) -> None:
        """Take up a session that was rolled into before: what was closed earlier is forgotten."""
        session, book = self._gatherer.session, self._ledger.book
        held = {lot.symbol for lot in book.lots.values() if lot.quantity}
        closes = self._gatherer.references.cover(held, session=session).last_closes
        actions = self._ports.facts.actions(
            held, after=calendar.shift_session(session, -1), through=session
        )
        book.marks = _after(closes, actions)
        book.forget(before=session)

    def _state(self, equity: Decimal | None, cash: Decimal) -> AccountState:
        state = self._ledger.book.state
        rolled = replace(
            state,
            cash_usd=state.cash_usd + cash,
            previous_close_equity_usd=equity,
            at=self._ports.clock.now(),
        )
        return rolled if equity is None else with_peak(rolled, equity)


def _equity(lots: Iterable[Lot], cash: Decimal, closes: Mapping[Symbol, Decimal]) -> Decimal | None:
    held = [lot for lot in lots if lot.quantity]
    if any(lot.symbol not in closes for lot in held):
        return None
    return sum((lot.quantity * closes[lot.symbol] for lot in held), cash)


def _after(
    closes: Mapping[Symbol, Decimal], actions: Sequence[CorporateAction]
) -> dict[Symbol, Decimal]:
    prices = dict(closes)
    for one in actions:
        if one.kind is ActionKind.SPLIT and one.symbol in prices:
            prices[one.symbol] /= one.value
    return prices
