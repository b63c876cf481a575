"""Sources in processes of their own, killed and at once, over one Postgres and one peer."""

import json
import subprocess
import sys
import time
import zlib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.engine import open_database
from tests.builders import received
from tests.integration.alpha_vantage.fetching import RealClock, a_source
from tests.integration.alpha_vantage.worlds import KEY, a_market, symbols_of
from tests.logs import whole_lines
from tests.peers.alpha_vantage.series import as_table

ROOT = Path(__file__).parents[3]
SYMBOLS = tuple(f"SYM{number:02}" for number in range(12))
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class ServedElsewhere:
    """A local Alpha Vantage in a process of its own."""

    url: str
    log: Path

    def asked(self):
        """The symbols asked for, in order."""
        return [json.loads(line)["symbol"] for line in whole_lines(self.log)]


@pytest.fixture
def session():
    """The newest session that is surely over."""
    return calendar.latest_session_on_or_before(RealClock().now().date() - timedelta(days=1))


@pytest.fixture
def elsewhere(tmp_path, session):
    """A peer that outlives its clients; each answer takes a moment."""
    bars, log, port = tmp_path / "bars.csv", tmp_path / "log.jsonl", tmp_path / "port"
    first = calendar.shift_session(session, -28)
    as_table(received(a_market(SYMBOLS, start=first))).to_csv(bars, index=False)
    command = [sys.executable, "-m", "tests.peers.alpha_vantage"]
    options = ["--bars", bars, "--log", log, "--port-file", port, "--key", KEY]
    with subprocess.Popen([*command, *options, "--delay", "0.3"], cwd=ROOT) as peer:
        try:
            wait_until(port.exists)
            yield ServedElsewhere(url=f"http://127.0.0.1:{port.read_text()}", log=log)
        finally:
            peer.terminate()


@contextmanager
def a_fetch(database_url, elsewhere, session, *, per_day=100, symbols=SYMBOLS):
    """A process that is ready to fetch; killed at the end of the block at the latest."""
    module = "tests.integration.alpha_vantage.fetching"
    given = [database_url, elsewhere.url, str(per_day), session.isoformat(), *symbols]
    with subprocess.Popen(
        [sys.executable, "-m", module, *given],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            while process.stdout.readline() not in {"ready\n", ""}:
                pass
            yield process
        finally:
            process.kill()


def let_go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def said_at_the_end(process):
    """The last line, once the process has ended by itself."""
    return process.communicate(timeout=PATIENCE_SECONDS)[0].splitlines()[-1]


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def spent(database_url):
    with closing(open_database(database_url)) as database, database.begin() as connection:
        return connection.execute(text("SELECT count(*) FROM request_log")).scalar_one()


def test_a_killed_fetch_pays_again_for_one_request_at_most(database_url, elsewhere, session):
    with a_fetch(database_url, elsewhere, session) as process:
        let_go(process)
        wait_until(lambda: len(elsewhere.asked()) >= 5)
        process.kill()
        process.wait()
    before = elsewhere.asked()
    with closing(open_database(database_url)) as database:
        source = a_source(database, elsewhere.url, per_day=100)
        planned = source.plan(SYMBOLS, start=session, end=session)
        fetched = source.fetch(SYMBOLS, start=session, end=session)
    asked = elsewhere.asked()
    assert symbols_of(fetched) == SYMBOLS
    assert 5 <= len(before) < len(SYMBOLS)
    # The one on its way when the process died was paid for, and its answer had nobody to keep it.
    assert set(before[:-1]).isdisjoint(asked[len(before) :])
    assert planned.requests == len(asked) - len(before)
    once = len(SYMBOLS) + 1  # One more tried the adjusted endpoint.
    assert len(asked) in {once, once + 1}
    assert spent(database_url) in {len(asked), len(asked) + 1}


def test_two_processes_share_the_days_budget_to_the_last_request(database_url, elsewhere, session):
    with (
        a_fetch(database_url, elsewhere, session, per_day=7, symbols=SYMBOLS[:6]) as first,
        a_fetch(database_url, elsewhere, session, per_day=7, symbols=SYMBOLS[6:]) as second,
    ):
        let_go(first)
        let_go(second)
        told = [said_at_the_end(first), said_at_the_end(second)]
    given = [word for said in told for word in said.split() if word != "BudgetSpent"]
    assert len(given) == 7
    assert spent(database_url) == len(elsewhere.asked()) == 7


def test_nothing_of_the_key_is_in_the_database(database_url, elsewhere, session):
    with closing(open_database(database_url)) as database:
        source = a_source(database, elsewhere.url, per_day=100)
        source.fetch([*SYMBOLS[:2], "NOSUCH"], start=session, end=session)
        with database.begin() as connection:
            kept = connection.execute(text("SELECT request, body FROM vendor_answers")).all()
            counted = connection.execute(text("SELECT account FROM request_log")).all()
    assert {request.split()[1] for request, _ in kept} == {*SYMBOLS[:2], "NOSUCH"}
    assert all(KEY.encode() not in zlib.decompress(body) for _, body in kept)
    assert KEY not in repr((counted, [request for request, _ in kept]))
