"""Flow runs in processes of their own, some of which the kernel ends on the way."""

import multiprocessing
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from alpha_oracle.bootstrap import pipeline
from flows.daily_pipeline import daily_pipeline
from flows.refresh_fundamentals import refresh_fundamentals
from tests.end_to_end.worlds import SESSION, installed

# The modules are loaded once, into a process that does nothing but fork.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])

END_SECONDS = 900

BARS = f"""
SELECT symbol, session, open, high, low, close, volume, source, basis, known_at
FROM bars JOIN symbols USING (symbol_id) JOIN bar_batches USING (batch_id)
WHERE session >= DATE '{SESSION}' - 7 ORDER BY symbol, session
"""


@dataclass(frozen=True)
class Outcome:
    """What a run leaves behind for others."""

    digest: str
    bars: Any
    signals: Any
    stream: Any
    done: Any
    status: str


def outcome(world, digest):
    """What the run left that ended with a digest."""
    return Outcome(
        digest=digest,
        bars=world.rows(BARS),
        signals=world.signals(),
        stream=world.stream(),
        done=world.done_set(),
        status=world.run_record()[0],
    )


@dataclass(frozen=True)
class KilledBefore:
    """Passes calls on to an adapter; the process dies instead of the chosen call of a method."""

    adapter: Any
    method: str
    numbers: Any

    def __getattr__(self, name):
        return self._dying if name == self.method else getattr(self.adapter, name)

    def _dying(self, *args, **kwargs):
        if next(self.numbers) == 0:
            die()
        return getattr(self.adapter, self.method)(*args, **kwargs)


@dataclass(frozen=True)
class KilledAfter(KilledBefore):
    """As `KilledBefore`, but the call takes effect first."""

    def _dying(self, *args, **kwargs):
        result = getattr(self.adapter, self.method)(*args, **kwargs)
        if next(self.numbers) == 0:
            die()
        return result


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def killed(how, adapter, method, *, nth=1):
    """An adapter during the nth call of whose method the process dies."""
    return how(adapter, method, count(1 - nth))


# Where a run is killed, by what the test calls it.
PLACES = {
    "in the middle of ingestion": lambda run: replace(
        run, done=killed(KilledAfter, run.done, "mark", nth=2)
    ),
    "between storing a batch and telling Redis": lambda run: replace(
        run, done=killed(KilledBefore, run.done, "mark", nth=2)
    ),
    "between saving signals and announcing them": lambda run: replace(
        run, outbox=killed(KilledBefore, run.outbox, "relay")
    ),
    "between announcing a signal and marking it": lambda run: replace(
        run, bus=killed(KilledAfter, run.bus, "announce", nth=1)
    ),
    "between publishing and the end of the run": lambda run: replace(
        run, runs=killed(KilledBefore, run.runs, "finish")
    ),
}


def run_in_new_process(environment, api_url, *, place=None, **parameters):
    """Run the daily flow in a new process; its exit code and, where it ended well, its digest."""
    return begin_in_new_process(environment, api_url, place=place, **parameters).end()


def begin_in_new_process(environment, api_url, *, place=None, **parameters):
    """Begin the daily flow in a new process."""
    answers, answer = FORKS.Pipe(duplex=False)
    process = FORKS.Process(
        target=_run, args=(environment, api_url, place, parameters, answer), daemon=True
    )
    process.start()
    answer.close()
    return RunElsewhere(process, answers)


def begin_refresh_in_new_process(environment, api_url):
    """Begin a full refresh of the statements in a new process."""
    answers, answer = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_refresh, args=(environment, api_url, answer), daemon=True)
    process.start()
    answer.close()
    return RunElsewhere(process, answers)


@dataclass(frozen=True)
class RunElsewhere:
    """A flow run in a process of its own."""

    process: Any
    answers: Any

    def kill(self):
        """End it without a chance to say anything; its exit code."""
        self.process.kill()
        return self.end()[0]

    def end(self):
        """Wait for its end; its exit code and, where it ended well, its digest."""
        self.process.join(END_SECONDS)
        try:
            digest = self.answers.recv()
        except EOFError:
            digest = None
        self.answers.close()
        return self.process.exitcode, digest


def _refresh(environment, api_url, answer):
    with elsewhere(environment, api_url):
        answer.send(refresh_fundamentals().answered)


@contextmanager
def elsewhere(environment, api_url):
    """Let this process belong to an installation, its flow runs to an API."""
    settings = {PREFECT_API_URL: api_url, PREFECT_HOME: f"{environment['ALPHA_ORACLE_HOME']}/ui"}
    with installed(environment), temporary_settings(updates=settings):
        yield


def _run(environment, api_url, place, parameters, answer):
    with elsewhere(environment, api_url):
        if place is not None:
            with pipeline.open_runtime() as runtime:
                pipeline._process._runtime = PLACES[place](runtime)
        answer.send(daily_pipeline(**parameters).publication.digest)
