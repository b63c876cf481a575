"""Deaths of processes, put on record though the record may be away just then."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.bootstrap.children import ChildReport, ChildState
from alpha_oracle.bootstrap.death_notices import DeathNotices
from alpha_oracle.errors import StoreUnavailable
from tests.conftest import execute
from tests.fakes.clock import FixedClock

NOW = datetime(2016, 6, 2, 14, 0, tzinfo=UTC)
DEATH = ChildReport(
    name="worker", state=ChildState.RESTARTING, since=NOW, last_exit="killed by SIGKILL", restarts=1
)
SECONDS = 300.0


@pytest.fixture
def notices():
    notices = DeathNotices(FixedClock(NOW), retry_seconds=0.05)
    yield notices
    notices.close()


def announced(url):
    """The alerts on record, once there are any."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        rows = execute(url, "SELECT document FROM outbox ORDER BY outbox_id")
        if rows:
            return [json.loads(document) for (document,) in rows]
    raise AssertionError("nothing was announced")


def test_a_death_is_announced_with_how_it_came(notices, database_url):
    with closing(open_database(database_url)) as notices.database:
        notices.tell_end(DEATH)
        (alert,) = announced(database_url)
    assert (alert["type"], alert["subject"], alert["severity"]) == (
        "process_ended",
        "worker",
        "warning",
    )
    assert alert["message"] == (
        "worker ended (killed by SIGKILL) and is started again; see worker.log"
    )


def test_a_crash_loop_is_announced_as_worse(notices, database_url):
    with closing(open_database(database_url)) as notices.database:
        notices.tell_loop(DEATH)
        (alert,) = announced(database_url)
    assert (alert["type"], alert["severity"]) == ("process_crash_loop", "high")


class AwayAtFirst:
    """A database that cannot be reached the first few times."""

    def __init__(self, database, *, times):
        self._database = database
        self.times = times

    def begin(self):
        if self.times:
            self.times -= 1
            raise StoreUnavailable("it is away")
        return self._database.begin()


def test_a_death_while_the_record_is_away_is_announced_once_it_is_back(notices, database_url):
    notices.tell_end(DEATH)
    with closing(open_database(database_url)) as database:
        notices.database = away = AwayAtFirst(database, times=3)
        assert len(announced(database_url)) == 1
        assert away.times == 0
