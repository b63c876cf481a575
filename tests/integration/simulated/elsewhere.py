"""The simulated broker in processes of their own, some of which the kernel ends on the way."""

import multiprocessing
import os
import signal
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from alpha_oracle.errors import OutcomeUnknown
from tests.fakes.broker import SimulatedMarket

# The modules are loaded once, into a process that does nothing but fork.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])

END_SECONDS = 120


def die():
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class DyingBook:
    """A book during whose use the process dies: before or after a method, or while it decides."""

    book: Any
    place: str

    def __getattr__(self, name):
        return getattr(self.book, name)

    def receive(self, order):
        if self.place == "before the order is received":
            die()
        received = self.book.receive(order)
        if self.place == "before the answer comes":
            die()
        return received

    def change(self, decide, *, since):
        def decide_and_die(book):
            decide(book)
            die()

        if self.place == "while orders are executed":
            return self.book.change(decide_and_die, since=since)
        change = self.book.change(decide, since=since)
        if self.place == "before executions are told":
            die()
        return change


def in_process(work, *arguments):
    """Begin some work in a process of its own."""
    process = FORKS.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def ended(process):
    """Wait for a process's end; its exit code."""
    process.join(END_SECONDS)
    return process.exitcode


def send_and_die(database_url, place):
    """Send an order and let the broker work, dying somewhere."""
    with closing(open_database(database_url)) as database:
        book = PostgresSimulatedBook(database, account="paper")
        market = SimulatedMarket(book=DyingBook(book, place))
        market.quote()
        market.send()
        market.broker.events()


def send_many(database_url, own, count):
    """Send orders of our own, and orders that others send as well, working in between."""
    with closing(open_database(database_url)) as database:
        market = SimulatedMarket(book=PostgresSimulatedBook(database, account="paper"))
        market.quote(volume=100_000_000)
        for number in range(count):
            for order_id in (f"{own}-{number}", f"shared-{number}"):
                send_once(market, order_id)
            market.broker.advance()


def send_once(market, order_id):
    """Send an order that somebody else may have sent."""
    try:
        market.send(order_id, quantity=1)
    except OutcomeUnknown:
        return
