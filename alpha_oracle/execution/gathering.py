"""Gathers what a decision looks at: the market of now, the book, the day, the system."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.risk import DayTradeRegime
from alpha_oracle.execution.quoting import VIX_SYMBOL, MarketReader
from alpha_oracle.execution.recency import is_recent
from alpha_oracle.execution.reckoning import Reckoner
from alpha_oracle.execution.references import ReferenceShelf
from alpha_oracle.risk.circuit_breakers import choose_vix, counted_hours
from alpha_oracle.risk.day_trades import OwnFill
from alpha_oracle.risk.facts import AccountFacts, ActivityFacts, MarketFacts, RiskFacts, SystemFacts
from alpha_oracle.risk.pdt_guard import window_sessions
from alpha_oracle.risk.settlement import settled_cash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.execution.halting import Halt
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.execution.surroundings import Ports, TradingRules
    from alpha_oracle.risk.day_trades import DayTradeTally
    from alpha_oracle.risk.exposure import Exposure

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_BOTH: Final = frozenset(Side)


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
        self._session: tuple[datetime, datetime, Session] | None = None
        self._newest: tuple[Mapping[Symbol, Quote], datetime | None] | None = None
        self._market_now = MarketReader(
            ports.board, ledger, clock=ports.clock, stale_seconds=rules.bounds.stale_seconds
        )
        self._reckoner = Reckoner(
            ledger, self._market_now, self.references, commission=rules.bounds.commission
        )

    def begin(self) -> None:
        """Look at the whole market anew."""
        self._market_now.begin()

    def forget_market(self) -> None:
        """Look at the whole market anew, whenever it was looked at last."""
        self._market_now.forget()

    def quotes(self, *symbols: Symbol) -> Mapping[Symbol, Quote]:
        """Return this session's quotes of symbols, of all that is held or working, and of VIX."""
        return self._market_now.quotes(*symbols, session=self.session)

    def is_halted(self) -> bool:
        """Whether somebody's word keeps everything from being sent."""
        return self._halt.says_active()

    @property
    def session(self) -> Session:
        """The session that has opened last."""
        now = self._ports.clock.now()
        if self._session is None or not self._session[0] <= now < self._session[1]:
            session = calendar.latest_opened_session(now)
            following = calendar.next_session_after(session)
            opens, ends = calendar.session_open(session), calendar.session_open(following)
            self._session = (opens, ends, session)
        return self._session[2]

    def exposure(self, order: Order | None) -> Exposure:
        """Return the sums of the book beside an order."""
        return self.reckoned(order)[0]

    def reckoned(self, order: Order | None) -> tuple[Exposure, Decimal | None]:
        """Return the sums of the book beside an order, and its cash.

        The cash is None while nobody knows what working purchases will cost.
        """
        return self._reckoner.reckoned(order)

    def equity_usd(self) -> Decimal | None:
        """Return cash and what the lots count at; None while a mark is missing."""
        return self._reckoner.equity_usd()

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
        return AccountFacts(
            is_live=not self._ports.broker.is_paper,
            equity_usd=self.equity_usd(),
            cash_usd=cash,
            peak_equity_usd=book.state.peak_equity_usd,
            previous_close_equity_usd=book.state.previous_close_equity_usd,
            maintenance_margin_usd=(
                None if told is None else told.maintenance_margin + self._link.bought_usd
            ),
            settled_cash_usd=self._settled_cash(cash, session),
            day_trades_remaining=None if told is None else told.day_trades_remaining,
            deficits=tuple(self._ledger.deficits.values()),
        )

    def _settled_cash(self, cash: Decimal | None, session: Session) -> Decimal | None:
        # Only a cash account is asked for it.
        if cash is None or self._rules.bounds.day_trade_regime is not DayTradeRegime.CASH:
            return None
        sales = [
            (one.session, one.cash_usd)
            for one in self._ledger.book.executions.values()
            if one.side is Side.SELL and one.session >= session
        ]
        return settled_cash(cash, sales, session=session)

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
        if order is not None or self._market_now.own_symbols():
            return self._newest_of_shares(quotes)
        return max((one.at for one in quotes.values()), default=None)

    def _newest_of_shares(self, quotes: Mapping[Symbol, Quote]) -> datetime | None:
        # One reading of the board is looked through once, for all decisions that go by it.
        if self._newest is None or self._newest[0] is not quotes:
            shares = [one.at for symbol, one in quotes.items() if symbol != VIX_SYMBOL]
            self._newest = (quotes, max(shares, default=None))
        return self._newest[1]

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
            opened={key: lot.opened for key, lot in self._ledger.book.lots.items() if lot.quantity},
        )

    def _tally(self, order: Order | None, now: datetime, session: Session) -> DayTradeTally:
        window = window_sessions(session, self._rules.day_trade_window_sessions)
        own = () if order is None else (order.order_id, order.parent_id)
        open_orders = [one for one in self._ledger.book.open_orders() if one.order_id not in own]
        both = self._both_ways(open_orders, session)
        working = [
            OwnFill(
                session=session,
                symbol=one.symbol,
                side=one.side,
                order_id=one.order_id,
                strategy=one.strategy,
                at=now,
            )
            for one in open_orders
            if one.symbol in both
        ]
        return self._ledger.day_trades.tally(window, working=working)

    def _both_ways(self, orders: Iterable[Order], session: Session) -> set[Symbol]:
        # What is only bought, or only sold, is no day trade.
        wished: dict[Symbol, set[Side]] = defaultdict(set)
        for one in orders:
            wished[one.symbol].add(one.side)
        done = self._ledger.day_trades.sides
        return {one for one, sides in wished.items() if done(session, one) | sides == _BOTH}

    def _latest_activity(self, now: datetime) -> datetime | None:
        # Who was never seen may be there at any moment, and is not kept waiting then.
        known = self._activity
        if known is None or known[1] is None or not is_recent(known[0], now, within=_MINUTE):
            known = self._activity = (now, self._ports.activity.latest())
        return known[1]
