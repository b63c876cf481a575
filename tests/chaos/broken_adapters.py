"""Adapters broken on purpose in one place, each as a programmer might have broken it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from alpha_oracle.errors import OrderRefused, OutcomeUnknown
from tests.chaos.breakages import Wrapped


def sends_again(broker):
    """Let what got no answer be sent a second time, as soon as the adapter would send anything."""
    submit, snapshot, tracker = broker.submit_order, broker.snapshot, broker._connection.tracker
    owed = []

    def noting(order):
        try:
            submit(order)
        except OutcomeUnknown:
            owed.append(order)
            raise

    def sending():
        told = snapshot()
        while owed and broker.is_linked:
            order = owed.pop()
            tracker._orders.pop(order.order_id, None)
            tracker._references.discard(order.order_id)
            with suppress(OrderRefused, OutcomeUnknown):
                submit(order)
        return told

    broker.submit_order, broker.snapshot = noting, sending


def takes_silence_for_no(broker):
    """Let an order without an answer count as unsent."""
    submit = broker.submit_order

    def sure(order):
        try:
            submit(order)
        except OutcomeUnknown as error:
            raise OrderRefused(str(error)) from error

    broker.submit_order = sure


class TellsNoExecutions(Wrapped):
    """A reader to whom executions that are told again are no news."""

    def snapshot(self, answers):
        return replace(self._whole.snapshot(answers), executions=())


def misses_what_it_did_not_hear(broker):
    """Let executions count where they are told unasked alone, as the library has it."""
    connection, tracker = broker._connection, broker._connection.tracker
    on_execution = tracker.on_execution

    def unasked(told):
        link = connection._link
        if link is not None and link._ears.answers is None:
            on_execution(told)

    tracker.on_execution = unasked
    broker._reader = TellsNoExecutions(broker._reader)
