"""Daily bars replayed through the engine in virtual time.

The market quotes every share at its open, bid and ask alike, from the open of a session to its
close. Signals come as the pipeline makes them of a strategy's decisions, by the record of those
before. What asks a human is approved at once, unless nobody is there.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.quotes import Quote
from alpha_oracle.research.signals import signals_of
from tests.integration.execution.plays import Record, Traded
from tests.unit.execution.trading_day import WINDOW

PATIENCE = timedelta(minutes=20)
"""How long into the window something may be on its way."""

LOOKS = timedelta(seconds=10)
AT_ONCE = 100
"""More steps than any one moment needs."""


class Replay:
    """A play in a world: an engine, its stores and its broker, on a clock of their own."""

    def __init__(self, play, world, *, is_attended=True):
        self.play = play
        self.world = world
        self._is_attended = is_attended
        self._equity, self._cash = {}, {}

    def run(self):
        """Trade every session; return what was done."""
        days, world = self.play.days, self.world
        world.move_to(calendar.session_close(days[0]))
        self._step(timedelta(minutes=1))
        self._cash[days[0]] = world.cash()
        for row, session in enumerate(days[1:], start=1):
            self._announce(days[row - 1])
            self._open(session, row)
            self._equity[days[row - 1]] = world.previous_close_equity()
            self._trade(session, row)
            self._cash[session] = world.cash()
        self._open(calendar.next_session_after(days[-1]), None)
        self._equity[days[-1]] = world.previous_close_equity()
        return Record(fills=self._fills(), equity=self._equity, cash=self._cash)

    def _announce(self, session):
        self.world.move_to(calendar.decision_instant(session))
        found = signals_of(
            session,
            self.play.strategy,
            decisions=self.play.decisions,
            market=self.play.market,
            rank=self.play.rank,
            open_entries=self.world.open_entries(self.play.strategy, before=session),
            window=WINDOW,
        )
        self.world.announce(found)

    def _open(self, session, row):
        self.world.move_to(calendar.session_open(session))
        self.world.note_operator()
        self._look(row)

    def _trade(self, session, row):
        self.world.move_to(WINDOW.start(session))
        until = WINDOW.start(session) + PATIENCE
        self._look(row)
        while self.world.now() < until and self.world.is_busy():
            self._look(row)
        self.world.move_to(WINDOW.end(session))
        self._look(row)
        self.world.move_to(calendar.session_close(session))
        self._step(timedelta(minutes=1))

    def _look(self, row):
        if row is not None:
            self.world.publish(list(self._quotes(row)))
        if self._is_attended:
            self.world.approve()
        self._step(LOOKS)

    def _step(self, pause):
        # What is due at once is done at once: no time passes.
        now = self.world.now()
        ends = any(self.world.step() > now for _ in range(AT_ONCE))
        assert ends, f"something is due at {now} without end"
        self.world.move_to(now + pause)

    def _quotes(self, row):
        now, market = self.world.now(), self.play.market
        for column, symbol in enumerate(market.symbols):
            if market.traded_open[row, column] > 0 and market.volume[row, column] > 0:
                opened = exact(market.traded_open[row, column])
                yield Quote(
                    symbol=symbol,
                    bid=opened,
                    ask=opened,
                    last=opened,
                    volume=self.play.quoted_volume,
                    at=now,
                )
        level = exact(self.play.vix)
        yield Quote(symbol=Symbol(VIX), bid=None, ask=None, last=level, volume=None, at=now)

    def _fills(self):
        parts = defaultdict(list)
        for one in self.world.executions():
            parts[one.session, one.side is Side.BUY, one.symbol].append(one)
        return tuple(
            Traded(
                session,
                symbol,
                sum(one.signed_quantity for one in own),
                float(sum(one.quantity * one.price for one in own))
                / sum(one.quantity for one in own),
                float(sum(one.commission for one in own)),
            )
            for (session, _, symbol), own in sorted(parts.items())
        )


def exact(figure):
    """A float by its digits."""
    return Decimal(repr(float(figure)))
