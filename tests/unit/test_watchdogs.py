"""Each watchdog looking at its part of an installation: what it tells, and when it is silent."""

from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.embedded.locks import FileLock
from alpha_oracle.bootstrap.presence import API, FEED, WORKER, Pulse, present
from alpha_oracle.bootstrap.telling import Teller
from alpha_oracle.bootstrap.watchdogs import (
    FlowRunWatch,
    PipelineWatch,
    ProcessWatch,
    StandInRelay,
    StoreWatch,
)
from alpha_oracle.config import Settings
from alpha_oracle.domain.runs import RunStatus
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.watchdogs import RunningFlow, SessionRun
from tests.fakes.clock import FixedClock
from tests.fakes.watchdogs import InMemoryWatchRecord, ScriptedFlowRuns

SESSION = date(2016, 6, 2)
OPEN = calendar.session_open(SESSION)
DEADLINE = datetime(2016, 6, 2, 22, 30, tzinfo=UTC)


class World:
    """A teller, and a clock that the watchdogs' patience goes by."""

    def __init__(self, now=OPEN):
        self.clock = FixedClock(now)
        self.record = InMemoryWatchRecord()
        self.said = []
        self.stores = None
        self.teller = Teller(
            self.record,
            self.clock,
            is_recordable=self.is_recordable,
            say=self.say,
            tick=self.tick,
            steady_seconds=0.0,
        )

    def is_recordable(self):
        return self.stores is None or self.stores.is_recordable()

    def tick(self):
        return self.clock.now().timestamp()

    def say(self, alert):
        self.said.append((alert.type, alert.subject))
        return True

    def look(self, watch, *, times=1, every_seconds=5):
        for _ in range(times):
            watch(self.teller, self.clock)
            self.clock.advance(seconds=every_seconds)


@pytest.fixture
def world():
    return World()


def test_a_missed_pipeline_is_told_at_its_deadline_and_over_when_it_is_committed(world):
    world.clock.set(DEADLINE - timedelta(seconds=30))
    watch = PipelineWatch(world.record, watching_since=OPEN)
    world.record.runs[date(2016, 6, 1)] = a_run(date(2016, 6, 1), RunStatus.DONE)
    world.look(watch.look, every_seconds=30)
    assert world.record.alerts == []
    world.look(watch.look, times=3, every_seconds=30)
    assert world.record.alerts == [("pipeline_missed", "pipeline")]
    world.record.runs[SESSION] = a_run(SESSION, RunStatus.DONE)
    world.look(watch.look, times=2)
    assert world.record.alerts == [("pipeline_missed", "pipeline"), ("well_again", "pipeline")]


def test_a_rerun_of_a_committed_session_is_no_miss(world):
    world.clock.set(DEADLINE + timedelta(hours=1))
    watch = PipelineWatch(world.record, watching_since=OPEN)
    for status in (RunStatus.DONE, RunStatus.RUNNING, RunStatus.DONE):
        world.record.runs[SESSION] = a_run(SESSION, status, started_at=world.clock.now())
        world.look(watch.look)
    assert world.record.alerts == []


def test_a_run_that_began_late_and_hangs_is_a_miss(world):
    world.clock.set(DEADLINE + timedelta(minutes=5))
    late = a_run(SESSION, RunStatus.RUNNING, started_at=world.clock.now())
    world.record.runs[SESSION] = late
    watch = PipelineWatch(world.record, watching_since=world.clock.now())
    world.look(watch.look, times=9, every_seconds=600)
    assert world.record.alerts == []
    world.look(watch.look, times=2, every_seconds=600)
    assert world.record.alerts == [("pipeline_missed", "pipeline")]


def test_a_rerun_of_a_missed_session_is_not_the_end_of_it(world):
    world.clock.set(DEADLINE)
    watch = PipelineWatch(world.record, watching_since=OPEN)
    for status in (RunStatus.FAILED, RunStatus.RUNNING):
        world.record.runs[SESSION] = a_run(SESSION, status, started_at=DEADLINE)
        world.look(watch.look)
    assert world.record.alerts == [("pipeline_missed", "pipeline")]


def a_run(session, status, *, started_at=OPEN):
    return SessionRun(
        session=session, status=status, error=None, started_at=started_at, first_ever_at=OPEN
    )


class Answering:
    """A store that answers, refuses, or does not."""

    def __init__(self):
        self.is_there = True

    def __call__(self):
        if not self.is_there:
            raise StoreUnavailable("it is away")


def asked(store):
    try:
        store.ask()
    except StoreUnavailable:
        return


@pytest.fixture
def stores(world):
    """A Postgres, a Redis, and the watch over them, whose record is that Postgres."""
    postgres, redis = Answering(), Answering()
    watch = StoreWatch(ask_postgres=postgres, ask_redis=redis, tick=world.tick)
    world.stores = watch

    def look(teller, clock):
        asked(watch.postgres)
        asked(watch.redis)
        watch.look(teller, clock)

    return postgres, redis, look


def test_a_redis_that_is_away_is_announced_after_half_a_minute(world, stores):
    _, redis, look = stores
    world.look(look)
    redis.is_there = False
    world.look(look, times=5)
    assert world.record.alerts == []
    world.look(look, times=6)
    assert world.record.alerts == [("bus_away", "Redis")]
    redis.is_there = True
    world.look(look, times=2)
    assert world.record.alerts == [("bus_away", "Redis"), ("well_again", "Redis")]


def test_a_postgres_that_is_away_is_said_and_on_record_when_it_is_over(world, stores):
    postgres, _, look = stores
    world.look(look)
    postgres.is_there = False
    world.record.is_away = True
    world.look(look, times=12)
    assert world.said == [("store_away", "Postgres")]
    postgres.is_there, world.record.is_away = True, False
    world.look(look, times=2)
    assert world.said == [("store_away", "Postgres")]
    assert world.record.alerts == [("well_again", "Postgres")]


def test_a_store_that_never_answers_the_question_is_away_too(world):
    watch = StoreWatch(ask_postgres=Answering(), ask_redis=Answering(), tick=world.tick)
    world.stores = watch
    world.look(watch.look, times=4, every_seconds=10)
    assert world.said == [("store_away", "Postgres"), ("bus_away", "Redis")]


@pytest.fixture
def processes(world, home):
    """The watch over the processes of a home."""
    settings = Settings.model_validate({"home": home, "api": {"port": 1}})
    (home / "run").mkdir()
    return ProcessWatch(settings, watching_since=world.clock.now(), tick=world.tick)


def test_a_worker_that_hangs_is_told_although_it_holds_its_lock(world, processes, home):
    with present(home, WORKER), closing(Pulse(home, WORKER, world.clock)) as pulse:
        pulse.beat()
        world.look(processes.look_at_worker, times=12)
        assert world.record.alerts == []
        world.look(processes.look_at_worker, times=3)
        assert world.record.alerts == [("worker_silent", "worker")]
    with closing(Pulse(home, WORKER, world.clock)) as pulse:
        pulse.beat()
    world.look(processes.look_at_worker)
    assert world.record.alerts == [("worker_silent", "worker"), ("well_again", "worker")]


def beats(world, home):
    with closing(Pulse(home, WORKER, world.clock)) as pulse:
        pulse.beat()


def test_a_worker_that_beats_is_not_silent_though_the_machine_slept(world, processes, home):
    beats(world, home)
    world.look(processes.look_at_worker)
    beats(world, home)
    world.clock.advance(hours=8)
    world.look(processes.look_at_worker)
    beats(world, home)
    world.look(processes.look_at_worker)
    assert world.record.alerts == []


def test_a_worker_that_dies_after_the_clock_was_put_back_is_told(world, processes, home):
    world.clock.advance(hours=-1)
    beats(world, home)
    world.clock.advance(hours=-23)
    world.look(processes.look_at_worker, times=130)
    assert world.record.alerts == [("worker_silent", "worker")]


def test_a_feed_that_is_gone_for_a_minute_is_told_and_told_to_be_back(world, processes, home):
    with present(home, FEED):
        world.look(processes.look)
    world.look(processes.look, times=11)
    assert ("process_down", FEED) not in world.record.alerts
    world.look(processes.look, times=2)
    assert ("process_down", FEED) in world.record.alerts
    with present(home, FEED):
        world.look(processes.look)
    assert world.record.alerts[-1] == ("well_again", FEED)


def test_a_feed_that_comes_back_in_time_is_nobodys_alarm(world, processes, home):
    for _ in range(4):
        with present(home, FEED):
            world.look(processes.look)
        world.look(processes.look, times=11)
    assert ("process_down", FEED) not in world.record.alerts


@contextmanager
def a_server(status):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_api_that_answers_whatever_it_answers_is_there(world, home, status):
    with a_server(status) as port, present(home, API), present(home, FEED):
        settings = Settings.model_validate({"home": home, "api": {"port": port}})
        watch = ProcessWatch(settings, watching_since=world.clock.now(), tick=world.tick)
        world.look(watch.look, times=3, every_seconds=40)
    assert world.record.alerts == []


def test_an_api_that_holds_its_lock_and_does_not_answer_is_told(world, processes, home):
    with present(home, API), present(home, FEED):
        world.look(processes.look, times=3, every_seconds=40)
    assert world.record.alerts == [("process_down", API)]


def test_an_api_that_listens_elsewhere_is_seen_by_its_lock(world, home):
    api = {"host": "0.0.0.0", "is_plain_text_accepted": True}
    settings = Settings.model_validate({"home": home, "api": api})
    watch = ProcessWatch(settings, watching_since=world.clock.now(), tick=world.tick)
    with present(home, API), present(home, FEED):
        world.look(watch.look, times=3, every_seconds=40)
    assert world.record.alerts == []


def test_a_supervisor_is_missed_by_whoever_saw_it(world, processes, home):
    with present(home, API), present(home, FEED):
        world.look(processes.look, times=3, every_seconds=40)
        assert ("process_down", "supervisor") not in world.record.alerts
        lock = FileLock(home / "run" / "supervisor.lock")
        lock.acquire_exclusive()
        world.look(processes.look)
        lock.release()
        world.look(processes.look, times=3, every_seconds=40)
    assert ("process_down", "supervisor") in world.record.alerts


@pytest.fixture
def flow_runs():
    return ScriptedFlowRuns()


def watch_over(flow_runs, world, *, is_expected=True):
    return FlowRunWatch(flow_runs, is_expected=lambda: is_expected, tick=world.tick)


def test_a_prefect_server_that_is_down_is_told_and_told_to_be_back(world, flow_runs):
    watch = watch_over(flow_runs, world)
    world.look(watch.look)
    flow_runs.is_away = True
    world.look(watch.look, times=4, every_seconds=20)
    flow_runs.is_away = False
    world.look(watch.look)
    server = "Prefect server"
    assert world.record.alerts == [("process_down", server), ("well_again", server)]


def test_a_prefect_server_that_nobody_started_is_not_missed(world, flow_runs):
    flow_runs.is_away = True
    world.look(watch_over(flow_runs, world, is_expected=False).look, times=5, every_seconds=60)
    assert world.record.alerts == []


@pytest.mark.parametrize(
    ("workers", "told"),
    [(0, [("process_down", "flow-run worker")]), (1, []), (None, [])],
    ids=["none", "one", "no such pool"],
)
def test_flow_runs_that_nobody_would_take_are_told(world, flow_runs, workers, told):
    flow_runs.workers = workers
    world.look(watch_over(flow_runs, world).look, times=5, every_seconds=20)
    assert world.record.alerts == told


def a_flow(silence_seconds, name="1-2"):
    return RunningFlow(
        flow_run_id=name,
        name="able-ape",
        flow="daily-pipeline",
        silence=timedelta(seconds=silence_seconds),
        rhythm=timedelta(seconds=30),
    )


def test_a_flow_run_whose_process_was_killed_is_told_until_somebody_ends_it(world, flow_runs):
    watch = watch_over(flow_runs, world)
    for silence in (0, 45, 89, 95, 120):
        flow_runs.runs = [a_flow(silence), a_flow(5, "another")]
        world.look(watch.look)
    assert world.record.alerts == [("flow_run_dead", "flow run 1-2")]
    flow_runs.runs = [a_flow(5, "another")]
    world.look(watch.look, times=2)
    assert world.record.alerts[1:] == [("well_again", "flow run 1-2")]


def test_a_flow_run_that_was_only_held_up_is_told_to_be_well(world, flow_runs):
    watch = watch_over(flow_runs, world)
    for silence in (95, 5, 5):
        flow_runs.runs = [a_flow(silence)]
        world.look(watch.look)
    assert [kind for kind, _ in world.record.alerts] == ["flow_run_dead", "well_again"]


def test_the_automation_is_asked_for_once_a_start(world, flow_runs):
    watch = watch_over(flow_runs, world)
    flow_runs.is_away = True
    world.look(watch.look)
    flow_runs.is_away = False
    world.look(watch.look, times=3)
    assert flow_runs.automations == 1


class Outbox:
    """What waits to be announced."""

    def __init__(self):
        self.waiting = 3

    def pending(self):
        return self.waiting

    def relay(self, _bus, *, at):
        relayed, self.waiting = self.waiting, 0
        return relayed


@pytest.mark.parametrize(
    ("beat_ago", "is_there", "relayed"),
    [(None, False, 3), (None, True, 3), (1, True, 0), (1, False, 3), (6, True, 3), (-6, True, 3)],
    ids=[
        "no worker",
        "a worker that starts",
        "a worker that works",
        "a worker just gone",
        "a worker that hangs",
        "a pulse of another time",
    ],
)
def test_what_waits_is_announced_where_no_worker_does(world, home, beat_ago, is_there, relayed):
    settings = Settings.model_validate({"home": home})
    if beat_ago is not None:
        then = FixedClock(world.clock.now() - timedelta(seconds=beat_ago))
        with closing(Pulse(home, WORKER, then)) as pulse:
            pulse.beat()
    relay = StandInRelay(settings, Outbox(), bus=None)
    if is_there:
        with present(home, WORKER):
            assert relay.relay(world.clock) == relayed
    else:
        assert relay.relay(world.clock) == relayed
