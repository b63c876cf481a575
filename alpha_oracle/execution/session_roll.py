"""The first thing of a session: its corporate actions, and what its losses are counted from.

Executions of earlier sessions are booked before: they are in shares of before. `AccountState.at` is
the instant of the last roll, so that a worker that was away for days knows what it missed. An
action that became known after its ex-date is applied once by the roll after that, to what was held
into the ex-date, unless the broker's truth was taken over since: it has it in it. One that a later
split overtook is left to an operator, as its shares and its trades are not those of now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.portfolio import key_of, with_peak
from alpha_oracle.domain.risk import Severity
from alpha_oracle.execution import booking
from alpha_oracle.execution.entitlements import Traded, entitle
from alpha_oracle.execution.halting import an_alert
from alpha_oracle.execution.ledger import history_start

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from decimal import Decimal

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.portfolio import AccountState, AppliedAction, Lot, LotKey
    from alpha_oracle.domain.trading_events import RiskAlert
    from alpha_oracle.execution.entitlements import Entitled
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.surroundings import Ports


class SessionRoll:
    """Rolls the book into the session that has opened."""

    def __init__(self, ports: Ports, ledger: Ledger, gatherer: Gatherer) -> None:
        self._ports = ports
        self._ledger = ledger
        self._gatherer = gatherer
        self._sold_out: dict[LotKey, Lot] = {}

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
        session, lots = self._gatherer.session, {**self._sold_out, **self._ledger.book.lots}
        closes = self._closes()
        actions, overtaken = self._due({key.symbol for key in lots})
        told = self._told(actions)
        before = self._entitled(
            lots.values(), [one for one in actions if one.ex_date < session], closes, told
        )
        equity = _equity(before.lots, self._ledger.book.state.cash_usd + before.cash_usd, closes)
        todays = [one for one in actions if one.ex_date == session]
        opening = _after(closes, todays)
        after = self._entitled(before.lots, todays, opening, told)
        self._ledger.commit(
            self._ledger.change(
                f"roll|{session}",
                lots=tuple(lot for lot in after.lots if lot != lots[lot.key]),
                state=self._state(equity, before.cash_usd + after.cash_usd),
                applied=(*before.applied, *after.applied),
                announcements=self._news(before.applied, overtaken, closes),
            )
        )
        self._begin(opening)

    def begin(self) -> None:
        """Take up a session that was rolled into before: what was closed earlier is forgotten."""
        session, closes = self._gatherer.session, self._closes()
        todays = self._ports.facts.actions(
            closes.keys(), after=calendar.shift_session(session, -1), through=session
        )
        self._begin(_after(closes, todays))

    def _begin(self, prices: dict[Symbol, Decimal]) -> None:
        book = self._ledger.book
        book.marks = prices
        self._sold_out |= {key: lot for key, lot in book.lots.items() if not lot.quantity}
        self._ledger.forget(before=self._gatherer.session)

    def _closes(self) -> Mapping[Symbol, Decimal]:
        held = _held(self._ledger.book.lots.values())
        return self._gatherer.references.cover(held, session=self._gatherer.session).last_closes

    def _due(
        self, symbols: Collection[Symbol]
    ) -> tuple[list[CorporateAction], list[CorporateAction]]:
        known_since = calendar.shift_session(history_start(self._ports.clock.now()), -1)
        after = min(self._rolled(), known_since)
        accepted = self._ledger.book.state.accepted_on
        found = self._ports.facts.actions(
            symbols,
            after=after if accepted is None else max(after, accepted),
            through=self._gatherer.session,
        )
        due = [one for one in found if key_of(one) not in self._ledger.applied]
        overtaken = [one for one in due if self._is_overtaken(one)]
        return [one for one in due if one not in overtaken], overtaken

    def _is_overtaken(self, action: CorporateAction) -> bool:
        return any(
            symbol == action.symbol and kind is ActionKind.SPLIT and ex_date > action.ex_date
            for symbol, ex_date, kind in self._ledger.applied
        )

    def _told(self, actions: Sequence[CorporateAction]) -> Collection[AppliedAction]:
        if not actions or self._ports.apply_actions is None:
            return ()
        return self._ports.apply_actions(actions)

    def _entitled(
        self,
        lots: Iterable[Lot],
        actions: Sequence[CorporateAction],
        prices: Mapping[Symbol, Decimal],
        told: Collection[AppliedAction],
    ) -> Entitled:
        return entitle(
            list(lots),
            actions,
            prices=prices,
            at=self._ports.clock.now(),
            told=told,
            traded_since=self._traded_since,
        )

    def _traded_since(self, lot: LotKey, session: Session) -> Traded:
        bought = sold = 0
        for one in self._ledger.past_executions.values():
            if one.session >= session and booking.key_of(self._ledger.past[one.order_id]) == lot:
                bought += one.fill.quantity if one.side is Side.BUY else 0
                sold += one.fill.quantity if one.side is Side.SELL else 0
        return Traded(bought=bought, net=bought - sold)

    def _news(
        self,
        before: Sequence[AppliedAction],
        overtaken: Sequence[CorporateAction],
        closes: Mapping[Symbol, Decimal],
    ) -> tuple[RiskAlert, ...]:
        rolled = self._rolled()
        late = [one for one in before if one.action.ex_date <= rolled]
        told = [("late_corporate_action", _late(one)) for one in late]
        told += [("corporate_action_left_out", _left_out(one)) for one in overtaken]
        unknown = sorted(_held(self._ledger.book.lots.values()) - closes.keys())
        if unknown:
            message = f"no close of the session before is known of {', '.join(unknown)}"
            told.append(("close_unknown", message))
        now = self._ports.clock.now()
        return tuple(
            an_alert(kind, message, severity=Severity.WARNING, at=now) for kind, message in told
        )

    def _state(self, equity: Decimal | None, cash: Decimal) -> AccountState:
        state = self._ledger.book.state
        rolled = replace(
            state,
            cash_usd=state.cash_usd + cash,
            previous_close_equity_usd=equity,
            at=self._ports.clock.now(),
        )
        return rolled if equity is None else with_peak(rolled, equity)


def _held(lots: Iterable[Lot]) -> set[Symbol]:
    return {lot.symbol for lot in lots if lot.quantity}


def _left_out(action: CorporateAction) -> str:
    return (
        f"{action.kind} {action.value} of {action.symbol} went ex {action.ex_date}, before a split "
        "that was applied, and is not: see `reconcile show`"
    )


def _late(applied: AppliedAction) -> str:
    action = applied.action
    return (
        f"{action.kind} {action.value} of {action.symbol} went ex {action.ex_date} and was known "
        f"late: {applied.shares_before} shares are {applied.shares_after}, "
        f"{applied.cash_usd:.2f} USD came into cash"
    )


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
