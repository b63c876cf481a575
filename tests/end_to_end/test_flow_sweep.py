"""Sweeps by hand as flow runs, in threads and on Dask, and what is refused."""

import json
import logging
import os
from dataclasses import asdict
from datetime import date

import pytest
from distributed import LocalCluster
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_AUTH_STRING, get_current_settings, temporary_settings
from prefect.utilities.callables import parameter_schema

from alpha_oracle.errors import DataError
from flows.backtest import backtest_strategy
from flows.rank import rank_stored
from flows.sweep import sweep_strategy
from tasks.forms import Costs
from tasks.runners import side_by_side
from tests.end_to_end.command_line import ask, ask_process
from tests.end_to_end.worlds import HISTORY_ENDS, artifacts_of

GRID = {"entry_fraction": [0.1, 0.3], "keep_fraction": [0.4, 0.5]}
ASKED = {"grid": GRID, "sizing": "flat_cap", "costs": Costs(slippage_bps=2)}


def forget_what_was_tried(world):
    world.rows("DELETE FROM walk_forward_windows")
    world.rows("DELETE FROM trials")


@pytest.fixture
def scheduler(world, monkeypatch):
    """A Dask scheduler with two worker processes of the world's, which its settings name."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
    ) as cluster:
        monkeypatch.setenv("ALPHA_ORACLE_RESEARCH__TASK_RUNNER", "dask")
        monkeypatch.setenv("ALPHA_ORACLE_RESEARCH__DASK__ADDRESS", cluster.scheduler_address)
        yield cluster.scheduler


def test_a_sweep_is_its_backtests_best_first(world):
    state = sweep_strategy("MomentumStrategy", **ASKED, return_state=True)
    summary = state.result()
    tried = [variant.parameters for variant in summary.variants]
    assert len(tried) == 4
    ratios = [variant.metrics.sharpe for variant in summary.variants]
    assert ratios == sorted(ratios, reverse=True)
    assert len(set(ratios)) > 1
    assert (summary.first, summary.last) == (date(2018, 5, 1), HISTORY_ENDS)
    # All of it is on record, each variant judged beside the others.
    assert world.rows("SELECT count(*) FROM trials") == [(4,)]
    assert {variant.chance.trials for variant in summary.variants} == {summary.trials} == {4}
    for variant in summary.variants[::3]:
        alone = backtest_strategy(
            "MomentumStrategy",
            parameters=variant.parameters,
            sizing=ASKED["sizing"],
            costs=ASKED["costs"],
        )
        assert variant.metrics == alone.metrics
        assert variant.chance == alone.chance
        assert variant.notes == alone.notes
    artifacts = artifacts_of(state)
    rows = json.loads(artifacts["sweep-results"].data)
    assert [{name: row[name] for name in GRID} for row in rows] == tried
    assert rows[0]["deflated_sharpe"] == round(summary.variants[0].chance.deflated_sharpe, 2)
    page = artifacts["sweep-summary"].data
    assert "the luckiest of the 4 trials on record" in page
    assert page.count("](data:image/svg+xml;base64,") == 1


def test_a_walk_forward_sweep_is_walked_variant_by_variant(world):
    summary = sweep_strategy(
        "BreakoutStrategy", grid={"max_hold_days": [20, 40]}, walk_forward=True
    )
    assert summary.title == "Walk-forward, out of sample"
    best = summary.variants[0]
    alone = backtest_strategy("BreakoutStrategy", parameters=best.parameters, walk_forward=True)
    assert best.metrics == alone.metrics


@pytest.mark.slow
def test_dask_workers_rank_and_sweep_as_threads_do_to_the_bit(world, scheduler, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("ALPHA_ORACLE_RESEARCH__TASK_RUNNER", "threads")
        in_threads = rank_stored(), sweep_strategy("MomentumStrategy", **ASKED)
    assert not scheduler.task_prefixes
    forget_what_was_tried(world)
    assert rank_stored() == in_threads[0]
    assert sweep_strategy("MomentumStrategy", **ASKED) == in_threads[1]
    assert set(scheduler.task_prefixes) == {"evaluate_strategy", "try_combination"}
    # The workers outlive a run: the next one reads what has changed since.
    world.rows(
        "UPDATE bars SET close = close * 1.01, high = high * 1.01 WHERE session > '2019-01-01'"
    )
    assert sweep_strategy("MomentumStrategy", **ASKED) != in_threads[1]
    refused = sweep_strategy("MomentumStrategy", **ASKED, universe=["ZZZZ"], return_state=True)
    with pytest.raises(DataError, match="no bars of ZZZZ are stored"):
        refused.result()


@task(cache_policy=NO_CACHE)
def known_here(number):
    settings = get_current_settings().api
    handlers = {handler.get_name() for handler in logging.getLogger().handlers}
    return (
        number,
        settings.url,
        settings.auth_string,
        os.environ["GX_ANALYTICS_ENABLED"],
        "alpha_oracle" in handlers,
    )


@pytest.mark.slow
def test_processes_of_this_machine_know_no_secret_and_call_nobody(world, prefect_url, monkeypatch):
    monkeypatch.setenv("ALPHA_ORACLE_RESEARCH__TASK_RUNNER", "dask")
    monkeypatch.setenv("ALPHA_ORACLE_RESEARCH__DASK__WORKERS", "1")
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    with temporary_settings({PREFECT_API_AUTH_STRING: "operator:hush"}):
        known = side_by_side(known_here, number=[1, 2])
    assert known == [(number, prefect_url, None, "false", True) for number in (1, 2)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({}, "no parameter of MomentumStrategy is given values", id="no grid"),
        pytest.param({"grid": {"nope": [1]}}, "MomentumStrategy has no parameter nope", id="name"),
        pytest.param(
            {"grid": {"max_hold_days": list(range(10, 60)), "min_hold_days": list(range(2, 13))}},
            "the grid has 550 combinations, at most 500",
            id="too many",
        ),
        pytest.param(
            {"grid": GRID, "start": date(2025, 1, 2)},
            "start 2025-01-02 is after the last stored session",
            id="no data",
        ),
        pytest.param(
            {"grid": GRID, "walk_forward": True, "sizing": "flat_cap"},
            "a walk-forward covers the whole history",
            id="a walk-forward at the cap",
        ),
    ],
)
def test_what_cannot_be_swept_fails_the_run_before_anything_is_tried(world, asked, message):
    state = sweep_strategy("MomentumStrategy", **asked, return_state=True)
    assert state.is_failed()
    assert message in state.message
    assert world.rows("SELECT count(*) FROM trials") == [(0,)]


def test_the_form_of_a_sweep_is_that_of_a_backtest_with_a_grid():
    fields, of_backtest = (
        parameter_schema(flow).model_dump()["properties"]
        for flow in (sweep_strategy, backtest_strategy)
    )
    shared = set(of_backtest) - {"parameters"}
    assert set(fields) == shared | {"grid"}
    assert fields["grid"]["additionalProperties"]["type"] == "array"
    for name in shared:
        ours, theirs = dict(fields[name]), dict(of_backtest[name])
        ours.pop("position"), theirs.pop("position")
        assert ours == theirs


@pytest.mark.slow
def test_the_command_line_sweeps_as_the_form_does(world, prefect_url):
    grid = [f"--parameter={name}={','.join(map(str, values))}" for name, values in GRID.items()]
    answer = ask_process(
        world.environment | {"PREFECT_API_URL": prefect_url},
        *("sweep", "MomentumStrategy", *grid, "--sizing", "flat_cap", "--slippage-bps", "2"),
        "--json",
    )
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    summary = sweep_strategy("MomentumStrategy", **ASKED)
    assert told == json.loads(json.dumps(asdict(summary), default=str))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no parameter of MomentumStrategy is given values to try; name one or more"),
        (["--parameter", "depth"], "'depth' is no parameter; write NAME=V1,V2,..."),
        (["--parameter", "nope=1,2"], "MomentumStrategy has no parameter nope"),
        (["--parameter", "entry_fraction="], "entry_fraction has the values []; give one or more"),
        (["--parameter", "entry_fraction=0.1,0.1"], "give one or more, each once"),
        (["--parameter", "entry_fraction=[1]"], "a parameter is a number, a flag or a text"),
        (
            ["--parameter", "entry_fraction=0.1", "--parameter", "entry_fraction=0.2"],
            "entry_fraction is given twice; write all its values as NAME=V1,V2,...",
        ),
        (
            [
                f"--parameter=max_hold_days={','.join(map(str, range(10, 200)))}",
                "--parameter=min_hold_days=2,3,4",
            ],
            "the grid has 570 combinations, at most 500",
        ),
        (["--parameter=entry_fraction=0.1", "--capital=0"], "capital is 0 USD"),
        (
            ["--parameter=entry_fraction=0.1", "--start=2018-01-02", "--end=2017-01-03"],
            "end 2017-01-03 is before start 2018-01-02; swap them",
        ),
    ],
)
def test_the_command_line_refuses_a_bad_grid_before_any_run(world, arguments, message):
    answer = ask("sweep", "MomentumStrategy", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
