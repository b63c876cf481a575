"""The first thing of a session: its corporate actions, and what its losses are counted from.

Executions of earlier sessions are booked before: they are in shares of before. `AccountState.at` is
the instant of the last roll, so that a worker that was away for days knows what it missed. An
action that became known after its ex-date is applied once by the roll after that, to what was held
into the ex-date, unless the broker's truth was taken over since: it has it in it. One that a later
split overtook is left to an operator, as its shares and its trades are not those of now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.portfolio import key_of, with_peak
from alpha_oracle.domain.risk import Severity
from alpha_oracle.execution import booking
from alpha_oracle.execution.entitlements import Traded, entitle, was_held_into
from alpha_oracle.execution.halting import an_alert
from alpha_oracle.execution.ledger import history_start
from alpha_oracle.execution.opening import after_splits, opening_equity, opening_shares
from alpha_oracle.execution.recency import is_recent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.portfolio import AccountState, ActionKey, AppliedAction, Lot, LotKey
    from alpha_oracle.domain.trading_events import RiskAlert
    from alpha_oracle.execution.entitlements import Entitled
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.surroundings import Ports


READ_AGAIN: Final = timedelta(minutes=1)
"""How often a close is looked for that was not known when the session was rolled into."""


class SessionRoll:
    """Rolls the book into the session that has opened."""

    def __init__(self, ports: Ports, ledger: Ledger, gatherer: Gatherer) -> None:
        self._ports = ports
        self._ledger = ledger
        self._gatherer = gatherer
        self._sold_out: dict[LotKey, Lot] = {}
        self._left_out: set[ActionKey] = set()
        self._read_at: datetime | None = None

    def is_due(self) -> bool:
        """Whether the book is still that of an earlier session."""
        return self._ledger.book.state.at < calendar.session_open(self._gatherer.session)

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
        self._leave_out([one for one in overtaken if was_held_into(one, lots.values())])
        told = self._told(actions)
        before = self._entitled(
            lots.values(), [one for one in actions if one.ex_date < session], closes, told
        )
        equity = _equity(before.lots, self._ledger.book.state.cash_usd + before.cash_usd, closes)
        todays = [one for one in actions if one.ex_date == session]
        opening = after_splits(closes, todays)
        after = self._entitled(before.lots, todays, opening, told)
        self._ledger.commit(
            self._ledger.change(
                f"roll|{session}",
                lots=tuple(lot for lot in after.lots if lot != lots[lot.key]),
                state=self._state(equity, before.cash_usd + after.cash_usd),
                applied=(*before.applied, *after.applied),
                announcements=self._news(before.applied, closes),
            )
        )
        self._begin(opening)

    def begin(self) -> None:
        """Take up a session that was rolled into before: what was closed earlier is forgotten."""
        closes = self._closes()
        self._begin(after_splits(closes, self._todays(closes)))

    def complete(self) -> None:
        """Commit what the day's loss counts from once it is known, where a close came late."""
        now, state = self._ports.clock.now(), self._ledger.book.state
        is_asked = is_recent(self._read_at, now, within=READ_AGAIN)
        if state.previous_close_equity_usd is not None or is_asked:
            return
        self._read_at = now
        equity = self._late_equity()
        if equity is not None:
            after = with_peak(replace(state, previous_close_equity_usd=equity), equity)
            self._ledger.commit(self._ledger.change(f"base|{self._gatherer.session}", state=after))

    def _late_equity(self) -> Decimal | None:
        session, book = self._gatherer.session, self._ledger.book
        held = opening_shares(book, session)
        known = self._gatherer.references.reread(held, session=session)
        applied = [one for one in self._todays(held) if key_of(one) in self._ledger.applied]
        return opening_equity(book, session, closes=known.last_closes, applied=applied)

    def _todays(self, symbols: Iterable[Symbol]) -> tuple[CorporateAction, ...]:
        session = self._gatherer.session
        before = calendar.shift_session(session, -1)
        return self._ports.facts.actions(frozenset(symbols), after=before, through=session)

    def _begin(self, prices: Mapping[Symbol, Decimal]) -> None:
        book = self._ledger.book
        held = _held(book.lots.values())
        book.marks = {symbol: price for symbol, price in prices.items() if symbol in held}
        self._gatherer.forget_market()
        self._sold_out |= {key: lot for key, lot in book.lots.items() if not lot.quantity}
        self._ledger.forget(before=self._gatherer.session)

    def _closes(self) -> Mapping[Symbol, Decimal]:
        shelf, session = self._gatherer.references, self._gatherer.session
        return shelf.cover_book(self._ledger.book, session=session).last_closes

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

    def _leave_out(self, overtaken: Sequence[CorporateAction]) -> None:
        # Each by a change of its own name: the record has it once, whichever worker finds it again.
        for one in (one for one in overtaken if key_of(one) not in self._left_out):
            name = f"left_out|{one.symbol}|{one.ex_date}|{one.kind}"
            told = self._warning("corporate_action_left_out", _left_out(one))
            self._ledger.commit(self._ledger.change(name, announcements=(told,)))
            self._left_out.add(key_of(one))

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
        closes: Mapping[Symbol, Decimal],
    ) -> tuple[RiskAlert, ...]:
        rolled = self._rolled()
        late = [one for one in before if one.action.ex_date <= rolled]
        told = [self._warning("late_corporate_action", _late(one)) for one in late]
        unknown = sorted(_held(self._ledger.book.lots.values()) - closes.keys())
        if unknown:
            message = f"no close of the session before is known of {', '.join(unknown)}"
            told.append(self._warning("close_unknown", message))
        return tuple(told)

    def _warning(self, kind: str, message: str) -> RiskAlert:
        return an_alert(kind, message, severity=Severity.WARNING, at=self._ports.clock.now())

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
