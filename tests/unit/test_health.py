"""What a container's health check is told of an always-on process."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.bootstrap.presence import Pulse, present
from alpha_oracle.entrypoints.health import SILENCE, main

NOW = datetime(2016, 6, 2, 14, 0, tzinfo=UTC)


class Then:
    """A clock that stands."""

    def __init__(self, instant):
        self._instant = instant

    def now(self):
        return self._instant


@pytest.fixture(autouse=True)
def _installation(home, monkeypatch):
    monkeypatch.setenv("ALPHA_ORACLE_HOME", str(home))
    monkeypatch.setenv("ALPHA_ORACLE_CLOCK__START_AT", NOW.isoformat())


def beat(home, *, ago):
    with closing(Pulse(home, "worker", Then(NOW - ago))) as pulse:
        pulse.beat()


@pytest.mark.parametrize("name", ["feed", "api", "watch"])
def test_a_process_is_well_while_it_works(home, name, capsys):
    assert main([name]) == 1
    assert capsys.readouterr().err == f"the {name} does not work\n"
    with present(home, name):
        assert main([name]) == 0
    assert main([name]) == 1


def test_a_worker_that_gives_no_sign_of_life_is_not_well(home, capsys):
    with present(home, "worker"):
        assert main(["worker"]) == 1
        beat(home, ago=2 * SILENCE)
        assert main(["worker"]) == 1
        assert "is stuck: no sign of life since 2016-06-02" in capsys.readouterr().err
        beat(home, ago=timedelta(seconds=1))
        assert main(["worker"]) == 0
    assert main(["worker"]) == 1


@pytest.mark.parametrize("arguments", [[], ["wrok"], ["feed", "api"]], ids=str)
def test_who_asks_for_nothing_that_works_always_is_told_what_does(arguments, capsys):
    assert main(arguments) == 2
    assert "feed, worker, api, watch" in capsys.readouterr().err


def test_wrong_settings_are_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("ALPHA_ORACLE_NONSENSE", "1")
    assert main(["feed"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
