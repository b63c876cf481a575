"""The installation from `up` to `down`, as processes of this machine."""

import json
import os
import signal
import socket

import psutil
import pytest

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.bootstrap.supervisor import supervisor_pid
from tests.conftest import execute
from tests.end_to_end.command_line import ask_process
from tests.end_to_end.test_cli_installation import small_disk  # noqa: F401 - a fixture.
from tests.end_to_end.trading_world import at_last, first
from tests.ports import a_free_port

SERVERS = ("postgres", "redis", "prefect")
PROCESSES = ("feed", "worker", "api", "watch", "flow-runs")
PARTS = (*SERVERS, "supervisor", *PROCESSES)


@pytest.fixture
def installation(home):
    """An installation of its own; whatever runs of it is ended."""
    environment = environment_of(home)
    yield environment
    ask_process(environment, "down")


def environment_of(home, **changes):
    return {
        "ALPHA_ORACLE_HOME": str(home),
        "ALPHA_ORACLE_API__PORT": str(a_free_port()),
        "PREFECT_API_URL": "",
        **changes,
    }


def parts(environment):
    """The rows of `status` by component; its exit code says whether all is well."""
    answer = ask_process(environment, "status", "--json")
    rows = {row["component"]: row for row in answer.document}
    assert answer.code == (0 if all(row["healthy"] for row in rows.values()) else 1)
    return rows


def are_well(rows):
    return {name: row["healthy"] for name, row in rows.items()} == dict.fromkeys(PARTS, True)


def processes_of(home):
    """All processes that were started for a home, those that keep logs among them."""
    return [
        one.info
        for one in psutil.process_iter(["environ", "cmdline", "cwd"])
        if _is_of(one.info, str(home))
    ]


def left_of(home):
    """All processes of a home that stay: who keeps a log ends once nobody writes to it."""
    return at_last(lambda: processes_of(home), [], seconds=60)


def _is_of(process, home):
    words = [*(process["cmdline"] or ()), process["cwd"] or ""]
    told = (process["environ"] or {}).get("ALPHA_ORACLE_HOME")
    return told == home or any(word.startswith(f"{home}/") for word in words)


def recovered(environment, victim, *, pid):
    """The row of a killed part once all is well again; None: not yet."""
    rows = parts(environment)
    is_another = rows[victim]["pid"] not in {None, pid}
    return rows[victim] if is_another and are_well(rows) else None


@pytest.mark.slow
def test_up_runs_everything_once_and_down_leaves_nothing(installation, home):
    up = ask_process(installation, "up")

    assert up.code == 0, up.err
    rows = parts(installation)
    assert are_well(rows)
    for name, row in rows.items():
        assert (row["state"], row["restarts"], row["last_log"]) == ("running", 0, None), name
        assert psutil.pid_exists(row["pid"])
        assert row["since"] is not None
    api = f"{installation['ALPHA_ORACLE_API__PORT']}, log {home / 'logs' / 'api.log'}"
    assert rows["api"]["where"] == f"127.0.0.1:{api}"
    assert "crash loop" not in ask_process(installation, "status").out

    second = ask_process(installation, "up")
    assert (second.code, second.out, second.err) == (
        2,
        "",
        "alpha-oracle: the installation is up already; see `alpha-oracle status`\n",
    )

    for victim in ("feed", "postgres"):
        pid = parts(installation)[victim]["pid"]
        os.kill(pid, signal.SIGKILL)
        row = first(lambda victim=victim, pid=pid: recovered(installation, victim, pid=pid))
        assert row["restarts"] == 1

    down = ask_process(installation, "down")
    assert (down.code, down.err) == (0, "")
    rows = parts(installation)
    assert {row["healthy"] for row in rows.values()} == {False}
    assert {row["state"] for row in rows.values()} == {"down"}
    assert rows["worker"]["last_log"] is not None
    assert left_of(home) == []
    ended = (home / "logs" / "worker.log").read_text().splitlines()[-2:]
    assert "worker_ended" in [json.loads(line)["event"] for line in ended]


@pytest.mark.slow
def test_after_a_killed_supervisor_up_takes_its_place(installation, home):
    assert ask_process(installation, "up").code == 0
    left = {row["pid"] for row in parts(installation).values()}
    os.kill(supervisor_pid(home), signal.SIGKILL)
    rows = parts(installation)
    assert (rows["supervisor"]["healthy"], rows["supervisor"]["state"]) == (False, "down")

    assert ask_process(installation, "up").code == 0
    rows = parts(installation)
    assert are_well(rows)
    assert not {rows[name]["pid"] for name in PROCESSES} & left

    assert ask_process(installation, "down").code == 0
    assert left_of(home) == []


@pytest.mark.slow
def test_a_process_that_cannot_run_is_told_with_its_reason_and_as_an_alert(home):
    contradiction = {
        "ALPHA_ORACLE_BROKER__PROVIDER": "ibkr",
        "ALPHA_ORACLE_BROKER__IBKR__ACCOUNT": "U1234567",
        "ALPHA_ORACLE_FEED__SOURCE": "simulated",
        "ALPHA_ORACLE_RISK__AUTONOMY_MODE": "MANUAL_APPROVAL",
    }
    environment = environment_of(home, **contradiction)
    try:
        up = ask_process(environment, "up")
        assert up.code == 1
        assert "worker is " in up.out
        assert "whether real money is traded is contradictory" in up.out

        def looping():
            row = parts(environment)["worker"]
            return row if row["state"].startswith("crash loop") else None

        row = first(looping)
        assert row["restarts"] >= 5
        assert row["last_log"].startswith("process_cannot_run: whether real money")
        assert "Traceback" not in (home / "logs" / "worker.log").read_text()
        with embedded_postgres(home).attached() as url:
            [(told,)] = first(lambda: execute(url, ALERTS))
        alert = json.loads(told)
        assert (alert["severity"], alert["subject"]) == ("high", "worker")
        assert "the worker ends again and again (the last time: exit code 1)" in alert["message"]
    finally:
        ask_process(environment, "down")
    assert left_of(home) == []


ALERTS = "SELECT document FROM outbox WHERE document LIKE '%process_crash_loop%'"


def refused(environment):
    """What `up` says on its one line of error."""
    answer = ask_process(environment, "up")
    assert (answer.code, answer.out) == (2, "") or (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err
    return answer.err


def test_a_port_taken_is_named_with_its_setting_and_nothing_is_left(installation, home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = refused(installation | {"ALPHA_ORACLE_API__PORT": str(port)})
    assert told.startswith("alpha-oracle: the installation did not start: port ")
    assert f"{port} on 127.0.0.1, where the api is to answer, cannot be had" in told
    assert f"pid {os.getpid()}: " in told
    assert told.endswith("set api.port\n")
    assert left_of(home) == []


def test_a_wrong_setting_is_one_line(installation):
    told = refused(installation | {"ALPHA_ORACLE_API__POTR": "1"})
    assert "unknown setting api.potr (ALPHA_ORACLE_API__POTR)" in told


def test_a_prefect_that_does_not_answer_is_one_line(installation, home):
    url = f"http://127.0.0.1:{a_free_port()}/api"
    told = refused(installation | {"PREFECT_API_URL": url})
    assert f"the Prefect API at {url} does not answer" in told
    assert left_of(home) == []


def test_a_home_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    told = refused(environment_of(tmp_path / "file" / "home"))
    assert str(tmp_path / "file" / "home") in told
    assert "check that the place is writable" in told


def test_a_full_disk_is_one_line_that_says_what_to_free(small_disk):  # noqa: F811 - the fixture.
    environment = environment_of(small_disk / "home")
    try:
        told = refused(environment)
    finally:
        ask_process(environment, "down")
    assert "free space on the disk of" in told
    assert left_of(small_disk / "home") == []
