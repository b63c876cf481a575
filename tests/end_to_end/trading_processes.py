"""Workers, feeds, Postgres and Redis as real processes that start soon and may be killed."""

import multiprocessing
import os
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.migrate import upgrade
from alpha_oracle.config_values import PREFIX
from alpha_oracle.entrypoints import feed, worker
from tests.end_to_end.command_line import PATIENCE_SECONDS
from tests.end_to_end.trading_world import Rehearsal, first

MAINS = {"feed": feed.main, "worker": lambda: worker.main(started_by="an operator")}


@dataclass
class Nursery:
    """A process that has loaded all that workers and feeds need, and forks into them."""

    connection: object

    def start(self, name, environment, *, log):
        """Start a worker or a feed that logs to a file."""
        self.connection.send((name, environment, str(log)))
        return psutil.Process(self.connection.recv())


@contextmanager
def opened_nursery():
    """Open a nursery for the length of a block."""
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=_give_birth, args=(there,), daemon=True)
    process.start()
    try:
        yield Nursery(here)
    finally:
        process.kill()
        process.join(PATIENCE_SECONDS)


def _give_birth(connection):
    # Nobody asks how a child ended: the kernel forgets it at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        name, environment, log = connection.recv()
        pid = os.fork()
        if pid == 0:
            _live(name, environment, log)
        connection.send(pid)


def _live(name, environment, log):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for other in [other for other in os.environ if other.startswith(PREFIX)]:
        del os.environ[other]
    os.environ.update(environment)
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), sys.stderr.fileno())
    try:
        os._exit(MAINS[name]())
    except BaseException as error:  # noqa: BLE001 - The top of a process.
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)


class Stores:
    """A Postgres and a Redis of a test's own, as durable as those of an installation."""

    def __init__(self, folder):
        self._stores = {"postgres": embedded_postgres(folder), "redis": embedded_redis(folder)}
        self.urls = {name: store.attach() for name, store in self._stores.items()}
        upgrade(self.urls["postgres"])

    def kill(self, name, *, is_awaited=False):
        """End a server without a chance to say anything.

        The processes it served its clients by find that out a moment later, and answer until then:
        `is_awaited` waits for the end of them all.
        """
        server = psutil.Process(self._stores[name].status().pid)
        family = [server, *server.children(recursive=True)]
        server.kill()
        if is_awaited:
            first(lambda: all(map(_is_over, family)))

    def revive(self, name):
        """Start a server that was killed; it recovers what it was told for sure."""
        with self._stores[name].attached():
            pass

    def close(self):
        """Stop both."""
        for store in self._stores.values():
            store.detach()


def _is_over(process):
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


@dataclass(kw_only=True)
class Drill(Rehearsal):
    """A rehearsal whose processes come and go; `stores` are its own, if they do too."""

    nursery: Nursery
    stores: Stores | None = None
    sent: list = field(default_factory=list)
    living: dict = field(default_factory=dict)

    def send(self, *documents):
        """Send signals; what Redis forgets when it is killed is sent again, as publishers do."""
        self.sent += documents
        self.announce(*documents)

    def start(self, *names):
        """Start processes of ours, and wait until they say that they work."""
        for name in names:
            before = self.logged(name).count(f"{name}_started")
            self.living[name] = self.nursery.start(name, self.environment, log=self.log(name))
            first(lambda name=name, at=before: self.logged(name).count(f"{name}_started") > at)

    def end(self, *names):
        """Tell processes of ours to end, and wait for it."""
        for name in names:
            self._signal(name, signal.SIGTERM)

    def kill(self, victim):
        """Kill a process of ours or a store, and start it anew."""
        if victim in MAINS:
            self._signal(victim, signal.SIGKILL)
            self.start(victim)
            return
        self.stores.kill(victim)
        self.stores.revive(victim)
        if victim == "redis":
            kept = set(self.stream())
            self.announce(*(document for document in self.sent if document not in kept))

    def close(self):
        """Kill what still lives."""
        for name in tuple(self.living):
            self._signal(name, signal.SIGKILL)

    def _signal(self, name, what):
        with suppress(psutil.NoSuchProcess):
            process = self.living.pop(name)
            process.send_signal(what)
            process.wait(PATIENCE_SECONDS)
