"""The engine on fakes of every store, quick enough for years."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind, CorporateAction
from alpha_oracle.domain.signals import Direction, encode
from alpha_oracle.domain.trading_facts import References
from tests.integration.execution.replays import exact
from tests.unit.execution.trading_day import TradingDay


class MemoryWorld:
    """A worker, its stores and a simulated broker in memory.

    Everything of a moment is decided before the first execution is told, unless faults say so.
    """

    def __init__(self, play, **faults):
        self.day = TradingDay(
            bounds={one.name: getattr(play.bounds, one.name) for one in fields(play.bounds)},
            faults={"latency_seconds": 1.0, **faults},
            facts=PanelFacts(play),
        )
        self._long_since = {}

    def now(self):
        return self.day.clock.now()

    def move_to(self, instant):
        self.day.clock.set(instant)

    def step(self):
        look_at = self.day.engine.step()
        assert not self.day.engine.trouble
        return look_at

    def open_entries(self, strategy, *, before):
        return dict(self._long_since)

    def announce(self, signals):
        for one in signals:
            if one.direction is Direction.LONG:
                self._long_since[one.symbol] = one.session
            else:
                self._long_since.pop(one.symbol, None)
        self.day.receive(*map(encode, signals))

    def publish(self, quotes):
        self.day.market.board.publish(quotes)

    def note_operator(self):
        self.day.operators.note("heartbeat", by="operator", at=self.now())

    def approve(self):
        for order_id in list(self.day.memory.approvals):
            self.day.operators.decide(order_id, approve=True, by="operator", at=self.now())

    def is_busy(self):
        memory = self.day.memory
        is_waiting = len(memory.outcomes) < len(memory.inbox)
        return is_waiting or any(True for _ in self.day.engine.book.open_orders())

    def cash(self):
        return float(self.day.memory.states["paper"].cash_usd)

    def previous_close_equity(self):
        equity = self.day.memory.states["paper"].previous_close_equity_usd
        return None if equity is None else float(equity)

    def executions(self):
        return self.day.market.book.executions.values()

    def reasons(self):
        """Why signals became no order, each as the engine says it."""
        return [one.reason for one in self.day.memory.outcomes.values() if one.reason]


class PanelFacts:
    """What was known before a session of a panel's symbols."""

    def __init__(self, play):
        self._play = play
        days = [*play.days, calendar.next_session_after(play.days[-1])]
        self._rows = {day: row for row, day in enumerate(days)}
        self._columns = {symbol: column for column, symbol in enumerate(play.market.symbols)}

    def references(self, symbols, *, session):
        row = self._rows[session]
        return References(
            session=session,
            symbols=frozenset(symbols),
            sectors=dict(self._sectors(symbols, row - 1)),
            adv_shares=dict.fromkeys(symbols, self._play.adv_shares),
            last_closes=dict(self._closes(symbols, row)),
            vix_close=(calendar.shift_session(session, -1), Decimal(str(self._play.vix))),
        )

    def actions(self, symbols, *, after, through):
        market = self._play.market
        kinds = (
            (ActionKind.DIVIDEND, market.dividend, 0.0),
            (ActionKind.SPLIT, market.split, 1.0),
        )
        return tuple(
            CorporateAction(
                symbol=symbol,
                ex_date=session,
                kind=kind,
                value=exact(values[row, self._columns[symbol]]),
                known_at=calendar.session_open(session),
            )
            for session, row in self._rows.items()
            if after < session <= through and row < len(market.sessions)
            for symbol in sorted(symbols)
            for kind, values, none in kinds
            if values[row, self._columns[symbol]] != none
        )

    def _sectors(self, symbols, row):
        context = self._play.market.context
        for symbol in symbols:
            code = -1 if context.sector is None else context.sector[row, self._columns[symbol]]
            if code >= 0:
                yield symbol, context.sector_names[code]

    def _closes(self, symbols, row):
        # Of the session before alone, as the stored facts have it.
        closes = self._play.market.traded_close[row - 1]
        for symbol in symbols:
            if np.isfinite(closes[self._columns[symbol]]):
                yield symbol, exact(closes[self._columns[symbol]])
