"""Who runs tasks side by side, and what is said where nobody can."""

import socket
import sys

import pytest
from distributed import LocalCluster
from prefect import task

from alpha_oracle.errors import ConfigurationError
from tasks.runners import side_by_side


@task
def doubled(number):
    return 2 * number


@pytest.fixture
def on_dask(monkeypatch, home):
    """A function by which this process belongs to an installation that asks for Dask."""

    def settings(**dask):
        monkeypatch.setenv("ALPHA_ORACLE_HOME", str(home))
        monkeypatch.setenv("ALPHA_ORACLE_RESEARCH__TASK_RUNNER", "dask")
        for name, value in dask.items():
            monkeypatch.setenv(f"ALPHA_ORACLE_RESEARCH__DASK__{name.upper()}", str(value))

    return settings


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_missing_extra_says_how_to_install_it(on_dask, monkeypatch):
    on_dask()
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    with pytest.raises(ConfigurationError) as refusal:
        side_by_side(doubled, number=[1, 2])
    assert "Dask is not installed" in str(refusal.value)
    assert "pip install 'alpha-oracle[dask]'" in str(refusal.value)


def test_a_scheduler_that_is_away_is_refused_with_what_to_do(on_dask, closed_port):
    address = f"tcp://127.0.0.1:{closed_port}"
    on_dask(address=address, timeout_seconds=0.5)
    with pytest.raises(ConfigurationError) as refusal:
        side_by_side(doubled, number=[1, 2])
    assert f"no Dask scheduler with a worker answers at {address} within 0.5" in str(refusal.value)
    assert 'research.task_runner = "threads"' in str(refusal.value)


def test_a_scheduler_without_a_worker_is_refused_rather_than_waited_for(on_dask):
    with LocalCluster(
        n_workers=0, host="127.0.0.1", scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}
    ) as cluster:
        on_dask(address=cluster.scheduler_address, timeout_seconds=0.5)
        with pytest.raises(ConfigurationError, match=r"start them .*`dask worker`"):
            side_by_side(doubled, number=[1, 2])


def test_a_scheduler_behind_certificates_asks_for_them(on_dask, closed_port):
    on_dask(address=f"tls://127.0.0.1:{closed_port}", timeout_seconds=0.5)
    with pytest.raises(ConfigurationError, match=r"set distributed\.comm\.tls there"):
        side_by_side(doubled, number=[1, 2])
