import os
import signal

import psutil
import pytest

from alpha_oracle.bootstrap.supervisor import supervisor_pid
from tests.end_to_end.command_line import a_free_port, ask_process


@pytest.fixture
def installation(home):
    """An installation of its own; whatever runs of it is ended."""
    environment = {
        "ALPHA_ORACLE_HOME": str(home),
        "ALPHA_ORACLE_API__PORT": str(a_free_port()),
        "PREFECT_API_URL": "",
    }
    yield environment
    ask_process(environment, "down")


def health(environment):
    answer = ask_process(environment, "status", "--json")
    return answer.code, {row["component"]: row["healthy"] for row in answer.document}


def processes_of(home):
    return [one for one in psutil.process_iter(["environ"]) if _home_of(one) == str(home)]


def _home_of(process):
    return (process.info["environ"] or {}).get("ALPHA_ORACLE_HOME")


@pytest.mark.slow
def test_up_runs_everything_once_and_down_leaves_nothing(installation, home):
    up = ask_process(installation, "up")

    assert up.code == 0, up.err
    code, parts = health(installation)
    assert code == 0
    names = ("postgres", "redis", "prefect", "supervisor", "feed", "worker", "api", "watch")
    assert parts == dict.fromkeys(names, True)

    second = ask_process(installation, "up")
    assert second.code == 2
    assert second.err == (
        "alpha-oracle: the installation is up already; see `alpha-oracle status`\n"
    )

    assert ask_process(installation, "down").code == 0
    assert health(installation)[0] == 1
    assert processes_of(home) == []


@pytest.mark.slow
def test_after_a_killed_supervisor_down_ends_what_it_left_and_up_starts_again(installation, home):
    assert ask_process(installation, "up").code == 0
    os.kill(supervisor_pid(home), signal.SIGKILL)

    assert ask_process(installation, "down").code == 0
    assert processes_of(home) == []

    assert ask_process(installation, "up").code == 0
    assert health(installation)[0] == 0
