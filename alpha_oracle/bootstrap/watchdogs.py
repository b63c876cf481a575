"""The watchdogs, wired: each looks at a part of the installation and notes how it is."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.health import answers
from alpha_oracle.bootstrap.deployments import POOL
from alpha_oracle.bootstrap.presence import API, FEED, WORKER, is_present, last_beat
from alpha_oracle.bootstrap.supervisor import is_up
from alpha_oracle.config_sections import LOOPBACK
from alpha_oracle.errors import TransientError
from alpha_oracle.execution.outages import BUS, STORE
from alpha_oracle.risk import watchdogs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from alpha_oracle.bootstrap.telling import Teller
    from alpha_oracle.config import Settings
    from alpha_oracle.config_sections import ApiSettings
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.events import EventBus, Outbox
    from alpha_oracle.ports.watchdogs import FlowRuns, WatchRecord

POSTGRES: Final = "Postgres"
REDIS: Final = "Redis"

UNRECORDABLE: Final = timedelta(seconds=15)
"""A store that has not answered for so long is not waited for by who has something to tell."""

RELAYING: Final = timedelta(seconds=5)
"""A worker that came around within this relays what is to be announced by itself."""


class Silence:
    """How long something has not answered, in real time. Safe to share between threads."""

    def __init__(self, ask: Callable[[], object], *, tick: Callable[[], float]) -> None:
        self._ask = ask
        self._tick = tick
        self._answered_at = tick()

    def ask(self) -> None:
        """Ask for an answer; what it raises is raised, what it never answers hangs."""
        self._ask()
        self._answered_at = self._tick()

    @property
    def length(self) -> timedelta:
        """Since when there was none."""
        return timedelta(seconds=self._tick() - self._answered_at)


class Absences:
    """Since when parts are away, in real time: what comes back in between starts anew."""

    def __init__(self, *, tick: Callable[[], float]) -> None:
        self._tick = tick
        self._since: dict[str, float] = {}

    def tell(self, part: str, teller: Teller, clock: Clock, *, is_there: bool) -> None:
        """Note whether a part is there, and tell where it has been away for too long."""
        now = self._tick()
        since = now if is_there else self._since.get(part, now)
        self._since[part] = since
        away = timedelta(seconds=now - since)
        trouble = watchdogs.absent_part(part, away=away, now=clock.now())
        if trouble is not None or is_there:
            teller.note(part, trouble)


class StoreWatch:
    """Whether the stores answer; each is asked on a thread of its own, which may hang on it."""

    def __init__(
        self,
        *,
        ask_postgres: Callable[[], object],
        ask_redis: Callable[[], object],
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.postgres = Silence(ask_postgres, tick=tick)
        self.redis = Silence(ask_redis, tick=tick)

    def is_recordable(self) -> bool:
        """Whether something can be put on record."""
        return self.postgres.length < UNRECORDABLE

    def look(self, teller: Teller, clock: Clock) -> None:
        """Note how long each has not answered."""
        for name, kind, silence in (
            (POSTGRES, STORE, self.postgres.length),
            (REDIS, BUS, self.redis.length),
        ):
            trouble = watchdogs.absent_store(name, kind, away=silence, now=clock.now())
            if trouble is not None or silence < UNRECORDABLE:
                teller.note(name, trouble)


class PipelineWatch:
    """Whether the newest session that is due was committed."""

    def __init__(self, record: WatchRecord, *, watching_since: datetime) -> None:
        self._record = record
        self._watching_since = watching_since

    def look(self, teller: Teller, clock: Clock) -> None:
        """Note how it is with the pipeline."""
        now = clock.now()
        run = self._record.session_run(watchdogs.due_session(now))
        if watchdogs.is_repeated(run, now=now):
            return
        trouble = watchdogs.missed_pipeline(run, now=now, watching_since=self._watching_since)
        teller.note(watchdogs.PIPELINE, trouble, is_settled=True)


class ProcessWatch:
    """Whether the always-on processes are there, the worker by its pulse.

    A supervisor is missed by whoever saw it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        watching_since: datetime,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home = settings.home
        self._health = _health_url(settings.api)
        self._watching_since = watching_since
        self._absences = Absences(tick=tick)
        self._was_supervised = False
        self._beat = last_beat(settings.home, WORKER)

    def look_at_worker(self, teller: Teller, clock: Clock) -> None:
        """Note how it is with the worker.

        A heartbeat since the last look is one, however old it seems: the machine may have slept, or
        its clock have been set.
        """
        before, self._beat = self._beat, last_beat(self._home, WORKER)
        now = clock.now()
        self._watching_since = min(self._watching_since, now)
        trouble = watchdogs.silent_worker(self._beat, now=now, watching_since=self._watching_since)
        teller.note(watchdogs.WORKER, trouble if self._beat == before else None)

    def look(self, teller: Teller, clock: Clock) -> None:
        """Note how it is with the other processes."""
        is_supervised = is_up(self._home)
        self._was_supervised |= is_supervised
        parts = {
            watchdogs.FEED: is_present(self._home, FEED),
            watchdogs.API: self._api_answers(),
            watchdogs.SUPERVISOR: is_supervised or not self._was_supervised,
        }
        for part, is_there in parts.items():
            self._absences.tell(part, teller, clock, is_there=is_there)

    def _api_answers(self) -> bool:
        if not is_present(self._home, API):
            return False
        return self._health is None or answers(self._health)


class FlowRunWatch:
    """Whether Prefect answers, somebody waits for its flow runs, and those it runs are alive."""

    def __init__(
        self,
        runs: FlowRuns,
        *,
        is_expected: Callable[[], bool],
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = runs
        self._is_expected = is_expected
        self._absences = Absences(tick=tick)
        self._has_automation = False
        self._dead: set[str] = set()

    def look(self, teller: Teller, clock: Clock) -> None:
        """Note how it is with Prefect, its worker, and each of its flow runs."""
        is_there = self._answers()
        is_wanted = is_there or self._is_expected()
        is_missed = is_wanted and not is_there
        self._absences.tell(watchdogs.PREFECT, teller, clock, is_there=not is_missed)
        if not is_there:
            return
        if not self._has_automation:
            self._runs.ensure_automation()
            self._has_automation = True
        is_served = self._runs.workers_online(POOL) != 0
        self._absences.tell(watchdogs.FLOW_RUN_WORKER, teller, clock, is_there=is_served)
        self._look_at_runs(teller, clock)

    def _answers(self) -> bool:
        try:
            self._runs.require_health()
        except TransientError:
            return False
        return True

    def _look_at_runs(self, teller: Teller, clock: Clock) -> None:
        found = {
            watchdogs.flow_run_subject(run.flow_run_id): watchdogs.dead_flow_run(
                run, now=clock.now()
            )
            for run in self._runs.running()
        }
        for subject in self._dead - found.keys():
            teller.note(subject, None, is_settled=True)
        for subject, trouble in found.items():
            if trouble is not None or subject in self._dead:
                teller.note(subject, trouble, is_settled=True)
        self._dead = {subject for subject, trouble in found.items() if trouble is not None}


class StandInRelay:
    """Announces what is on record while no worker does; the outbox is one that does not wait."""

    def __init__(self, settings: Settings, outbox: Outbox, bus: EventBus) -> None:
        self._home = settings.home
        self._outbox = outbox
        self._bus = bus

    def relay(self, clock: Clock) -> int:
        """Announce what waits, unless the worker is about to; return how much that was.

        Raises:
            StoreUnavailable: the rest still waits.
        """
        now = clock.now()
        beat = last_beat(self._home, WORKER)
        is_recent = beat is not None and abs(now - beat) < RELAYING
        if is_recent and is_present(self._home, WORKER):
            return 0
        return self._outbox.relay(self._bus, at=now)


def _health_url(api: ApiSettings) -> str | None:
    if api.host not in LOOPBACK:
        return None
    host = f"[{api.host}]" if ":" in api.host else api.host
    scheme = "http" if api.tls_certificate is None else "https"
    return f"{scheme}://{host}:{api.port}/healthz"
