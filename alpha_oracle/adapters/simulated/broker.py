"""The simulated broker: `BrokerAdapter` on a book that outlives every process of ours.

It has no process of its own: whoever asks it lets it work first, at the quotes and the time of
then. Two processes at one book are one broker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.simulated.actions import apply_actions
from alpha_oracle.adapters.simulated.matching import may_move, work_orders
from alpha_oracle.adapters.simulated.translate import (
    from_order,
    to_account,
    to_execution,
    to_order,
)
from alpha_oracle.domain.broker import BrokerEvent, BrokerEventKind, BrokerSnapshot
from alpha_oracle.domain.orders import OrderType
from alpha_oracle.domain.portfolio import key_of
from alpha_oracle.errors import (
    BrokerAway,
    OrderNotSent,
    OrderRefused,
    OutcomeUnknown,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.adapters.simulated.matching import MatchingRules
    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.portfolio import ActionKey, AppliedAction
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.domain.simulated import Book, BookChange, BookGlance
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard
    from alpha_oracle.ports.simulated_book import SimulatedBook

ACCOUNT: Final = "paper"
HISTORY_SESSIONS: Final = 21
"""How far back a snapshot reaches: a month of orders and executions."""


class SimulatedBroker:
    """The account `paper`. For one thread; other processes may use the same book."""

    def __init__(
        self, book: SimulatedBook, board: QuoteBoard, *, clock: Clock, rules: MatchingRules
    ) -> None:
        self._book = book
        self._board = board
        self._clock = clock
        self._rules = rules
        self._read_through: int | None = None
        self._is_reached = True
        self._is_link_told = True

    @property
    def account(self) -> str:
        """The account that is traded."""
        return ACCOUNT

    @property
    def is_simulated(self) -> bool:
        """No real market ever sees an order."""
        return True

    @property
    def is_paper(self) -> bool:
        """All its money is made up."""
        return True

    @property
    def is_linked(self) -> bool:
        """Whether the broker was reached when last asked, and its link is not down by a fault."""
        return self._is_reached and not self._is_link_down()

    def submit_order(self, order: Order) -> None:
        """Leave an order with the broker, durably.

        Raises:
            OrderRefused: the link is down, or it is no order a broker takes.
            OutcomeUnknown: it may be there; ask. So it is with an order whose reference is there
                already: that one stands, and there are never two.
        """
        if order.order_type is OrderType.TWAP:
            raise OrderRefused(f"order {order.order_id} is a TWAP; send its slices")
        if self._is_link_down():
            raise OrderNotSent(f"the link is down; order {order.order_id} was not sent")
        self._lose_command(f"submit {order.order_id}")
        try:
            is_new = self._book.receive(from_order(order, at=self._clock.now()))
        except StoreUnavailable as error:
            self._is_reached = False
            raise OutcomeUnknown(f"order {order.order_id} got no answer: {error}") from error
        if not is_new:
            raise OutcomeUnknown(
                f"an order with the reference {order.order_id} is there already; ask what it is"
            )
        self._lose_answer(f"submit {order.order_id}")

    def cancel_order(self, order: Order) -> None:
        """Ask for an order's end; of one that has ended, nothing more is told.

        Raises:
            OutcomeUnknown: the broker may not have heard it, or knows no such order; ask.
        """
        if self._is_link_down():
            raise OutcomeUnknown(f"the link is down; the end of {order.order_id} was not asked for")
        self._lose_command(f"cancel {order.order_id}")
        try:
            is_known = self._book.ask_cancel(order.order_id, at=self._clock.now())
        except StoreUnavailable as error:
            self._is_reached = False
            raise OutcomeUnknown(f"the end of {order.order_id} got no answer: {error}") from error
        if not is_known:
            raise OutcomeUnknown(f"the broker knows no order {order.order_id}; ask for everything")
        self._lose_answer(f"cancel {order.order_id}")

    def events(self) -> list[BrokerEvent]:
        """Let the broker work, and return what it told since last asked; never waits.

        The first call tells of what comes after it: what was before, `snapshot` tells.
        """
        try:
            glance = self._look()
            if self._work(glance):
                glance = self._look()
        except BrokerAway:
            return self._link_told(is_linked=False)
        self._read_through = glance.newest
        repeated = [event for event in glance.events if self._is_repeated(event)]
        return [*self._link_told(is_linked=True), *glance.events, *repeated]

    def snapshot(self) -> BrokerSnapshot:
        """Let the broker work, and return everything of the last 21 sessions.

        Raises:
            BrokerAway: the broker did not answer: nothing is known.
        """
        self.advance()
        now = self._clock.now()
        try:
            statement = self._book.statement(since=_history(now, sessions=HISTORY_SESSIONS))
        except StoreUnavailable as error:
            raise self._lost(error) from error
        return BrokerSnapshot(
            at=now,
            account=to_account(
                statement, account=ACCOUNT, prices=self._prices(statement.positions.keys())
            ),
            positions={
                symbol: position.quantity for symbol, position in statement.positions.items()
            },
            orders=tuple(map(to_order, statement.orders)),
            executions=tuple(map(to_execution, statement.executions)),
        )

    def advance(self) -> None:
        """Let the broker work, at the quotes and the time of now. Anybody may; none need wait.

        Raises:
            BrokerAway: the broker did not answer.
        """
        self._work(self._look())

    def held(self) -> tuple[Symbol, ...]:
        """Return the symbols the account holds, ascending.

        Raises:
            StoreUnavailable: its book cannot be reached.
        """
        since = calendar.latest_opened_session(self._clock.now())
        return tuple(sorted(self._book.statement(since=since).positions))

    def apply_actions(self, actions: Collection[CorporateAction]) -> tuple[AppliedAction, ...]:
        """Let splits and dividends do to what is held what they do; safe to repeat.

        Give those of a session on its ex-date, before its first order is sent: later ones than
        today's are left for their day, those applied before stand. Return what they did, now or
        before.

        Raises:
            BrokerAway: the broker did not answer; repeat it.
        """
        if not actions:
            return ()
        self._look()
        now, prices = self._clock.now(), self._prices({action.symbol for action in actions})

        stood: dict[ActionKey, AppliedAction] = {}

        def decide(book: Book) -> BookChange:
            stood.update(book.applied)
            return apply_actions(book, actions, prices=prices, now=now)

        since = min(action.ex_date for action in actions)
        stood |= {one.key: one for one in self._changed(decide, since=since).actions}
        return tuple(
            stood[key] for key in dict.fromkeys(key_of(one) for one in actions) if key in stood
        )

    def _work(self, glance: BookGlance) -> bool:
        now = self._clock.now()
        quotes = self._quotes({order.symbol for order in glance.orders})
        moves = (
            may_move(order, quotes.get(order.symbol), now=now, rules=self._rules)
            for order in glance.orders
        )
        if not glance.has_untold and not any(moves):
            return False

        def decide(book: Book) -> BookChange:
            return work_orders(book, quotes, now=now, rules=self._rules)

        since = calendar.latest_opened_session(now)
        return not self._changed(decide, since=since).is_empty

    def _look(self) -> BookGlance:
        if self._is_link_down():
            raise BrokerAway("the link to the simulated broker is down, as its faults say")
        try:
            glance = self._book.glance(after=self._read_through)
        except StoreUnavailable as error:
            raise self._lost(error) from error
        self._is_reached = True
        if self._read_through is None:
            self._read_through = glance.newest
        return glance

    def _changed(self, decide: Callable[[Book], BookChange], *, since: Session) -> BookChange:
        try:
            return self._book.change(decide, since=since)
        except StoreUnavailable as error:
            raise self._lost(error) from error

    def _lost(self, error: StoreUnavailable) -> BrokerAway:
        self._is_reached = False
        return BrokerAway(f"the simulated broker's book is out of reach: {error}")

    def _link_told(self, *, is_linked: bool) -> list[BrokerEvent]:
        if is_linked is self._is_link_told:
            return []
        self._is_link_told = is_linked
        kind = BrokerEventKind.LINK_UP if is_linked else BrokerEventKind.LINK_DOWN
        return [BrokerEvent(kind=kind, at=self._clock.now())]

    def _quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        try:
            return self._board.quotes(symbols)
        except StoreUnavailable:
            # A market nobody sees executes nothing; whatever else is due comes to pass.
            return {}

    def _prices(self, symbols: Collection[Symbol]) -> dict[Symbol, Decimal]:
        marks = {symbol: quote.mark for symbol, quote in self._quotes(symbols).items()}
        return {symbol: mark for symbol, mark in marks.items() if mark is not None}

    def _is_link_down(self) -> bool:
        return self._rules.faults.is_link_down(self._clock.now())

    def _is_repeated(self, event: BrokerEvent) -> bool:
        execution = event.fill.execution_id if event.fill else ""
        return self._rules.faults.repeats(f"{event.order_id} {event.kind} {execution}")

    def _lose_command(self, command: str) -> None:
        if self._rules.faults.loses_order(command):
            raise OutcomeUnknown(f"no answer came to `{command}`; ask")

    def _lose_answer(self, command: str) -> None:
        if self._rules.faults.loses_answer(command):
            raise OutcomeUnknown(f"no answer came to `{command}`; ask")


def _history(now: datetime, *, sessions: int) -> Session:
    return calendar.shift_session(calendar.latest_opened_session(now), 1 - sessions)
