"""The first thing of a session: its corporate actions, and what its losses are counted from.

Executions of earlier sessions are booked before: they are in shares of before. `AccountState.at` is
the instant of the last roll, so that a worker that was away for days knows what it missed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.portfolio import adjust_lot, with_peak

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.portfolio import AccountState, Lot
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
        if actions and self._ports.apply_actions is not None:
            self._ports.apply_actions(actions)
        before = [one for one in actions if one.ex_date < session]
        lots, cash = _adjusted(book.lots.values(), before, closes)
        equity = _equity(lots, book.state.cash_usd + cash, closes)
        lots, paid = _adjusted(lots, [one for one in actions if one.ex_date == session], closes)
        self._ledger.commit(
            self._ledger.change(
                f"roll|{session}",
                lots=tuple(lot for lot in lots if lot != book.lots[lot.key]),
                state=self._state(equity, cash + paid),
            )
        )
        book.marks = _after(closes, actions)
        book.forget(before=session)

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


def _adjusted(
    lots: Iterable[Lot], actions: Sequence[CorporateAction], closes: Mapping[Symbol, Decimal]
) -> tuple[list[Lot], Decimal]:
    cash, after = Decimal(0), []
    for lot in lots:
        due = [one for one in actions if one.symbol == lot.symbol]
        price = _after(closes, due).get(lot.symbol, Decimal(0))
        adjustment = adjust_lot(lot, due, price=price)
        after.append(adjustment.lot)
        cash += adjustment.cash_usd
    return after, cash


def _after(
    closes: Mapping[Symbol, Decimal], actions: Sequence[CorporateAction]
) -> dict[Symbol, Decimal]:
    prices = dict(closes)
    for one in actions:
        if one.kind is ActionKind.SPLIT and one.symbol in prices:
            prices[one.symbol] /= one.value
    return prices
