"""Engines broken on purpose in one place, each as a programmer might have broken it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

from alpha_oracle.bootstrap.worker import Worker
from alpha_oracle.domain.orders import Side
from alpha_oracle.errors import OrderRefused, OutcomeUnknown
from alpha_oracle.execution.engine import ExecutionEngine
from alpha_oracle.risk.pre_trade import PreTradeRiskManager


class Wrapped:
    """Something that is another in all but what a subclass says."""

    def __init__(self, whole):
        self._whole = whole

    def __getattr__(self, name):
        return getattr(self._whole, name)


class SendsAgain(Wrapped):
    """A broker to which a command without an answer is sent a second time."""

    def submit_order(self, order):
        try:
            self._whole.submit_order(order)
        except OutcomeUnknown:
            self._whole.submit_order(order)


class TakesSilenceForNo(Wrapped):
    """A broker whose silence counts as a refusal."""

    def submit_order(self, order):
        try:
            self._whole.submit_order(order)
        except OutcomeUnknown as error:
            raise OrderRefused(str(error)) from error


class CommitsAfterwards(Wrapped):
    """A store that keeps what is sent only once something else is kept."""

    def __init__(self, whole):
        super().__init__(whole)
        self._later = []

    def commit(self, change, *, sends):
        if sends:
            self._later.append(change)
            return True
        while self._later:
            self._whole.commit(self._later.pop(0), sends=False)
        return self._whole.commit(change, sends=False)


class IgnoresTheSwitch(Wrapped):
    """A store that keeps what is sent whatever the kill switch says."""

    def commit(self, change, *, sends):
        return self._whole.commit(change, sends=False)


class ForgetsToFlush(Wrapped):
    """A store that takes what was committed together for durable, and has not made it so."""

    @contextmanager
    def together(self):
        whole = self._whole
        whole._batch = []
        try:
            yield
            whole._push()
        finally:
            whole._batch, whole._is_unsettled = None, False


class LeavesCarried(Wrapped):
    """A store that says all is settled while it still carries what comes again."""

    def settle(self):
        if not self._whole._carried:
            self._whole.settle()


class SaysOff(Wrapped):
    """A kill switch that nobody asks."""

    def read(self):
        return replace(self._whole.read(), database=False, mirror=False)


def counts_sales_twice(ledger):
    """Let a ledger have the proceeds of a sale twice."""
    book_fill = ledger.book_fill

    def twice(order_id, fill, booked):
        if ledger.book.orders[order_id].side is Side.SELL:
            booked = replace(booked, cash_usd=booked.cash_usd * 2)
        return book_fill(order_id, fill, booked)

    ledger.book_fill = twice


def forgets_executions(ledger):
    """Let a ledger know nothing of what was booked before it was opened."""
    ledger.book.executions.clear()
    ledger.past_executions.clear()


class AcknowledgesFirst(Worker):
    """A worker that has a signal off the stream before it is on record."""

    def take_in(self, *, wait_seconds):
        deliveries = self.stream.read(wait_seconds=wait_seconds)
        self.stream.acknowledge(deliveries)
        return self.engine.receive([one.document for one in deliveries], source="stream")


class AcknowledgesUnsettled(Worker):
    """A worker that has a signal off the stream while its store may still lose it."""

    def take_in(self, *, wait_seconds):
        new = super().take_in(wait_seconds=wait_seconds)
        taken = [*self.unsettled]
        self.unsettled.clear()
        self.stream.acknowledge(taken)
        return new


def with_broker(broken):
    """Build engines at a broker broken so."""
    return lambda ports, rules, companions: ExecutionEngine(
        replace(ports, broker=broken(ports.broker)), rules, companions
    )


def with_store(broken, *, switch=None):
    """Build engines on a store broken so, and a kill switch."""
    return lambda ports, rules, companions: ExecutionEngine(
        replace(
            ports,
            store=broken(ports.store),
            switch=ports.switch if switch is None else switch(ports.switch),
        ),
        rules,
        companions,
    )


def with_ledger(broken):
    """Build engines that keep their book in a ledger broken so."""

    class Engine(ExecutionEngine):
        def _ledger(self, record, state):
            ledger = super()._ledger(record, state)
            broken(ledger)
            return ledger

    return Engine


def without_check(*names):
    """Build engines whose cascade lacks checks."""

    def build(ports, rules, companions):
        left = tuple(one for one in rules.risk.checks if one.name not in names)
        assert len(left) == len(rules.risk.checks) - len(names)
        return ExecutionEngine(ports, replace(rules, risk=PreTradeRiskManager(left)), companions)

    return build
