"""Gathers what a decision looks at: the market of now, the book, the day, the system."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import OrderStatus, OrderType, RefusedBy, Side
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.execution.references import ReferenceShelf
from alpha_oracle.risk.circuit_breakers import choose_vix, counted_hours
from alpha_oracle.risk.day_trades import OwnFill, tally_day_trades
from alpha_oracle.risk.exposure import commit, sum_exposure
from alpha_oracle.risk.facts import AccountFacts, ActivityFacts, MarketFacts, RiskFacts, SystemFacts
from alpha_oracle.risk.pdt_guard import window_sessions
from alpha_oracle.risk.settlement import settled_cash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.execution.halting import Halt
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.execution.surroundings import Ports, TradingRules
    from alpha_oracle.risk.day_trades import DayTradeTally
    from alpha_oracle.risk.exposure import Exposure

VIX_SYMBOL: Final = Symbol(VIX)
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_BY_BROKER: Final = frozenset({
    OrderStatus.PENDING, OrderStatus.UNKNOWN, OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED
})  # fmt: skip


class Gatherer:
    """Puts together the snapshot that one decision is made from."""

    def __init__(
        self, ports: Ports, rules: TradingRules, ledger: Ledger, *, halt: Halt, link: Link
    ) -> None:
        self._ports = ports
        self._rules = rules
        self._ledger = ledger
        self._halt = halt
        self._link = link
        self.references = ReferenceShelf(ports.facts)
        self._activity: tuple[datetime, datetime | None] | None = None
        self._session: tuple[datetime, Session] | None = None

    def quotes(self, *symbols: Symbol) -> Mapping[Symbol, Quote]:
        """Return this session's quotes of symbols, of all that is held or working, and of VIX.

        What is held is marked by them, and in market hours by nothing else: without a quote of
        now its price, and with it the account's equity, is unknown. A board out of reach has none.
        Before the open quotes may be in shares that the book does not hold yet.
        """
        wanted = {VIX_SYMBOL, *symbols, *self._own_symbols()}
        try:
            found = self._ports.board.quotes(wanted)
        except StoreUnavailable:
            return {}
        todays = {symbol: quote for symbol, quote in found.items() if self._is_todays(quote)}
        self._mark(todays)
        return todays

    def _own_symbols(self) -> set[Symbol]:
        book = self._ledger.book
        held = {lot.symbol for lot in book.lots.values() if lot.quantity}
        return held | {order.symbol for order in book.open_orders()}

    def _mark(self, quotes: Mapping[Symbol, Quote]) -> None:
        book, now = self._ledger.book, self._ports.clock.now()
        within = float(self._rules.bounds.stale_seconds)
        is_open = now < calendar.session_close(self.session)
        for lot in book.lots.values():
            quote = quotes.get(lot.symbol)
            if is_open and (quote is None or abs(quote.age_seconds(now)) >= within):
                book.marks.pop(lot.symbol, None)
        for symbol, quote in quotes.items():
            is_old = is_open and abs(quote.age_seconds(now)) >= within
            if quote.mark is not None and symbol != VIX_SYMBOL and not is_old:
                book.marks[symbol] = quote.mark

    def is_halted(self) -> bool:
        """Whether somebody's word keeps everything from being sent."""
        return self._halt.says_active()

    @property
    def session(self) -> Session:
        """The session that has opened last."""
        now = self._ports.clock.now()
        if self._session is None or self._session[0] != now:
            self._session = (now, calendar.latest_opened_session(now))
        return self._session[1]

    def _is_todays(self, quote: Quote) -> bool:
        opens, closes = calendar.session_open(self.session), calendar.session_close(self.session)
        return opens <= quote.at <= closes

    def exposure(self, order: Order | None) -> Exposure:
        """Return the sums of the book beside an order."""
        return self.reckoned(order)[0]

    def reckoned(self, order: Order | None) -> tuple[Exposure, Decimal | None]:
        """Return the sums of the book beside an order, and its cash.

        The cash is None while nobody knows what working purchases will cost.
        """
        book = self._ledger.book
        commitments = book.commitments(besides=order)
        cash = None if commitments is None else book.state.cash_usd
        if commitments is None:
            commitments = tuple(
                commit(one, price=Decimal(0)) for one in book.open_orders() if one is not order
            )
        exposure = sum_exposure(
            {(*key,): count for key, count in book.shares().items()},
            commitments,
            prices=book.marks,
            sectors=self.references.known.sectors,
            commission=self._rules.bounds.commission,
        )
        return exposure, cash

    def facts(self, order: Order | None, quotes: Mapping[Symbol, Quote]) -> RiskFacts:
        """Return everything the checks look at, of an order that is none of it itself."""
        now, session = self._ports.clock.now(), self.session
        exposure, cash = self.reckoned(order)
        return RiskFacts(
            now=now,
            session=session,
            is_market_open=now < calendar.session_close(session),
            account=self._account(cash, session),
            exposure=exposure,
            market=self._market(order, quotes, now, session),
            activity=self._done(order, now, session),
            system=SystemFacts(
                mode=self._rules.mode,
                link=self._link.state,
                kill_switch=self._halt.reading(),
                drift_pct=self._link.drift_pct,
            ),
        )

    def _account(self, cash: Decimal | None, session: Session) -> AccountFacts:
        book, told = self._ledger.book, self._link.account
        sales = [
            (one.session, one.cash_usd)
            for one in book.executions.values()
            if one.side is Side.SELL and one.session >= session
        ]
        return AccountFacts(
            is_live=not self._ledger.simulated,
            equity_usd=book.equity_usd(),
            cash_usd=cash,
            peak_equity_usd=book.state.peak_equity_usd,
            previous_close_equity_usd=book.state.previous_close_equity_usd,
            maintenance_margin_usd=(
                None if told is None else told.maintenance_margin + self._link.bought_usd
            ),
            settled_cash_usd=None if cash is None else settled_cash(cash, sales, session=session),
            day_trades_remaining=None if told is None else told.day_trades_remaining,
            deficits=tuple(self._ledger.deficits.values()),
        )

    def _market(
        self, order: Order | None, quotes: Mapping[Symbol, Quote], now: datetime, session: Session
    ) -> MarketFacts:
        known = self.references.known
        prices = dict(self._ledger.book.marks)
        quote = None if order is None else quotes.get(order.symbol)
        if order is not None and quote is not None:
            first = quote.ask if order.side is Side.BUY else quote.bid
            if first is not None:
                prices[order.symbol] = first
        return MarketFacts(
            prices=prices,
            sectors=known.sectors,
            adv_shares=known.adv_shares,
            quotes=quotes,
            vix=choose_vix(
                quotes.get(VIX_SYMBOL),
                known.vix_close,
                now=now,
                session=session,
                stale_seconds=float(self._rules.bounds.stale_seconds),
            ),
            latest_data_at=self._latest_data_at(order, quotes),
        )

    def _latest_data_at(
        self, order: Order | None, quotes: Mapping[Symbol, Quote]
    ) -> datetime | None:
        # An index that is calculated says nothing of shares, unless there are none to be quoted.
        if order is not None or self._own_symbols():
            quotes = {symbol: one for symbol, one in quotes.items() if symbol != VIX_SYMBOL}
        return max((one.at for one in quotes.values()), default=None)

    def _done(self, order: Order | None, now: datetime, session: Session) -> ActivityFacts:
        own = frozenset(() if order is None else (order.order_id, order.parent_id))
        done, last = self._ledger.activity, self._latest_activity(now)
        return ActivityFacts(
            trades_today=done.trades(session, besides=own),
            sends_last_second=done.sends(now, within=_SECOND),
            sends_last_minute=done.sends(now, within=_MINUTE),
            operator_idle_hours=None if last is None else counted_hours(min(last, now), now),
            day_trades=self._tally(order, now, session),
            sent_order_ids=done.sent_order_ids,
            opened={lot.key: lot.opened for lot in self._ledger.book.lots.values() if lot.quantity},
        )

    def _tally(self, order: Order | None, now: datetime, session: Session) -> DayTradeTally:
        window = window_sessions(session, self._rules.day_trade_window_sessions)
        working = [
            OwnFill(
                session=session,
                symbol=one.symbol,
                side=one.side,
                order_id=one.order_id,
                strategy=one.strategy,
                at=now,
            )
            for one in self._ledger.book.open_orders()
            if order is None or one.order_id not in {order.order_id, order.parent_id}
        ]
        return tally_day_trades(self._ledger.own_fills(window[0]), window=window, working=working)

    def _latest_activity(self, now: datetime) -> datetime | None:
        if self._activity is None or now - self._activity[0] >= _MINUTE:
            self._activity = (now, self._ports.activity.latest())
        return self._activity[1]


def reached_broker(order: Order) -> bool:
    """Whether an order's command went out, or may have; a TWAP's never does: its slices' do."""
    if order.order_type is OrderType.TWAP:
        return False
    return order.status in _BY_BROKER or any(
        event.status in _BY_BROKER or event.refused_by is RefusedBy.BROKER
        for event in order.history
    )


def sent_at(order: Order) -> datetime:
    """Return when an order's command went out: once it was approved, or when it came to be."""
    approved = [event.at for event in order.history if event.status is OrderStatus.PENDING]
    return approved[0] if approved else order.created_at


def was_traded(order: Order) -> bool:
    """Whether an order counts as a trade of its session: it was worked, or waits for a human."""
    is_waiting = order.status is OrderStatus.AWAITING_APPROVAL
    was_worked = any(event.status in _BY_BROKER for event in order.history)
    return is_waiting or was_worked or reached_broker(order)
