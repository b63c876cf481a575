"""Backtests by hand as flow runs: the form, the artifacts, the page, and what is refused."""

import json
from datetime import date
from pathlib import Path

import pytest
from prefect.utilities.callables import parameter_schema

from alpha_oracle.bootstrap.pipeline import open_runtime
from flows.backtest import backtest_strategy
from flows.rank import rank_stored
from tasks.forms import Costs
from tests.builders import bars_of_closes, received
from tests.end_to_end.command_line import ask, ask_process
from tests.end_to_end.worlds import HISTORY_ENDS, HISTORY_STARTS, artifacts_of

PARTS = {"backtest-metrics", "backtest-charts", "backtest-trades", "backtest-tear-sheet"}


def test_a_backtest_shows_its_figures_and_writes_its_page(world):
    state = backtest_strategy("MomentumStrategy", sizing="flat_cap", return_state=True)
    summary = state.result()
    artifacts = artifacts_of(state)
    assert set(artifacts) == PARTS
    page = Path(summary.tear_sheet)
    assert page.parent == Path(world.home) / "tear_sheets"
    assert "<h1>MomentumStrategy</h1>" in page.read_text()
    assert str(page) in artifacts["backtest-tear-sheet"].description
    assert artifacts["backtest-tear-sheet"].data.startswith(f"[{page.name}](file://")
    figures = {
        row["figure"]: row["value"] for row in json.loads(artifacts["backtest-metrics"].data)
    }
    assert any(name.startswith("Sharpe") for name in figures)
    assert artifacts["backtest-charts"].data.count("](data:image/svg+xml;base64,") == 2
    trades = json.loads(artifacts["backtest-trades"].data)
    assert summary.metrics.trades > 0
    assert {"symbol", "entry", "exit", "quantity", "pnl_usd"} <= set(trades[0])
    assert summary.last == HISTORY_ENDS
    # The history begins in May 2016; two years of it train.
    assert summary.first == date(2018, 5, 1)
    assert summary.final_equity_usd == pytest.approx(
        100_000 * (1 + summary.metrics.total_return_pct / 100)
    )


def test_a_walk_forward_by_hand_is_the_one_of_the_ranking(world):
    ranking = {rank.strategy: rank for rank in rank_stored()}
    summary = backtest_strategy("BreakoutStrategy", walk_forward=True)
    assert summary.metrics == ranking["BreakoutStrategy"].metrics
    assert summary.chance.trials == 3


def test_what_is_tried_by_hand_leaves_the_trials_of_the_ranking_alone(world):
    rank_stored()
    ranked = world.rows("SELECT key, sharpe FROM trials ORDER BY key")
    for asked in (
        {"sizing": "flat_cap"},
        {"sizing": "flat_cap", "universe": ["SYN003"]},
        {"sizing": "flat_cap", "start": date(2019, 1, 2)},
        {"walk_forward": True, "universe": ["SYN003"]},
    ):
        summary = backtest_strategy("MomentumStrategy", **asked)
    assert summary.chance.trials == len(ranked) + 4
    assert set(ranked) <= set(world.rows("SELECT key, sharpe FROM trials"))


def test_a_ranking_trades_no_window_again(world):
    rank_stored()
    windows = world.rows("SELECT key, computed_at FROM walk_forward_windows ORDER BY key")
    state = rank_stored(return_state=True)
    again = world.rows("SELECT key, computed_at FROM walk_forward_windows ORDER BY key")
    assert len(windows) > 0
    assert again == windows
    explained = artifacts_of(state)["ranking-explained"].data
    for rank in state.result():
        assert f"## {rank.rank}. {rank.strategy}: {rank.composite:.3f}" in explained


def test_costs_and_universe_of_the_form_are_those_of_the_run(world):
    asked = {"sizing": "flat_cap", "universe": ["syn003", "SYN001"]}
    free = backtest_strategy(
        "MomentumStrategy", costs=Costs(schedule="free", slippage_bps=0), **asked
    )
    dear = backtest_strategy("MomentumStrategy", costs=Costs(slippage_bps=100), **asked)
    assert free.metrics.costs_usd == 0
    assert dear.metrics.costs_usd > 0
    assert dear.coverage_pct is None
    page = Path(dear.tear_sheet).read_text()
    assert "SYN001, SYN003" in page
    assert "SYN007" not in page


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(
            {"start": date(2018, 1, 2), "end": date(2017, 1, 3)},
            "end 2017-01-03 is before start 2018-01-02; swap them",
            id="end before start",
        ),
        pytest.param(
            {"strategy": "NopeStrategy"}, "unknown strategy NopeStrategy; there are", id="unknown"
        ),
        pytest.param(
            {"start": date(2025, 1, 2)},
            "start 2025-01-02 is after the last stored session 2019-11-27",
            id="no data",
        ),
        pytest.param({"universe": ["ZZZZ"]}, "no bars of ZZZZ are stored", id="no such symbol"),
        pytest.param(
            {"walk_forward": True, "start": date(2018, 1, 2)},
            "a walk-forward covers the whole history up to its end",
            id="a walk-forward with a start",
        ),
        pytest.param(
            {"parameters": {"nope": 1}}, "MomentumStrategy has no parameter nope", id="parameter"
        ),
    ],
)
def test_rules_across_fields_fail_the_run_and_say_what_is_wrong(world, asked, message):
    state = backtest_strategy(**{"strategy": "MomentumStrategy", **asked}, return_state=True)
    assert state.is_failed()
    assert message in state.message


def test_the_form_offers_what_there_is_and_bounds_each_field():
    schema = parameter_schema(backtest_strategy).model_dump()
    fields = schema["properties"]
    assert fields["strategy"]["enum"] == [
        "BreakoutStrategy",
        "MLSignalStrategy",
        "MeanReversionStrategy",
        "MomentumStrategy",
    ]
    assert fields["capital_usd"]["exclusiveMinimum"] == 0
    assert fields["sizing"]["enum"] == ["half_kelly", "flat_cap"]
    assert {"format": "date", "type": "string"} in fields["start"]["anyOf"]
    costs = schema["definitions"]["Costs"]["properties"]
    assert costs["slippage_bps"]["minimum"] == 0
    assert costs["schedule"]["enum"] == ["ibkr_fixed", "ibkr_tiered", "free"]
    assert "pattern" in fields["universe"]["items"]


def test_the_command_line_backtests_as_the_form_does(world, prefect_url, tmp_path):
    page = tmp_path / "page.html"
    asked = "--sizing flat_cap --json --capital 50000 --report"
    answer = ask_process(
        world.environment | {"PREFECT_API_URL": prefect_url},
        *("backtest", "MomentumStrategy", *asked.split(), page),
    )
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    summary = backtest_strategy("MomentumStrategy", sizing="flat_cap", capital_usd=50_000)
    assert told["metrics"]["total_return_pct"] == summary.metrics.total_return_pct
    assert told["tear_sheet"] == str(page)
    assert page.read_text() == Path(summary.tear_sheet).read_text()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("backtest", "name a strategy, or a list with --orders"),
        ("backtest MomentumStrategy --capital 1e13", "capital is 1e+13 USD; give 1e+12 at most"),
        (
            "backtest MomentumStrategy --slippage-bps 20000",
            "slippage is 20000 bps; give less than 10000",
        ),
        (
            "backtest MomentumStrategy --orders x.csv --start 2018-01-02",
            "strategy, start and --orders were both given; a replay follows the orders alone",
        ),
        ("backtest --orders x.csv --commission=", "commission '' is"),
        ("backtest NopeStrategy", "unknown strategy NopeStrategy; there are"),
        (
            "backtest MomentumStrategy --start 2018-01-02 --end 2017-01-03",
            "end 2017-01-03 is before start 2018-01-02; swap them",
        ),
        ("backtest MomentumStrategy --capital 0", "capital is 0 USD; give more than 0"),
        ("backtest MomentumStrategy --capital nan", "capital is nan USD; give more than 0"),
        ("backtest MomentumStrategy --sizing all_in", "sizing 'all_in' is unknown; there are"),
        ("backtest MomentumStrategy --commission x", "commission 'x' is no amount"),
        ("backtest MomentumStrategy --parameter depth", "'depth' is no parameter; write"),
        ("backtest MomentumStrategy --parameter nope=1", "MomentumStrategy has no parameter nope"),
        ("backtest MomentumStrategy --start 2018-13-01", "'2018-13-01' is no date"),
    ],
)
def test_the_command_line_refuses_what_cannot_be_before_any_run(world, command, message):
    answer = ask(*command.split())
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert HISTORY_STARTS.isoformat() not in answer.err


def test_the_benchmark_is_told_from_a_symbol_without_bars(world):
    spy = received(bars_of_closes({"SPY": [300.0] * 5}, start=date(2019, 11, 20)))
    with open_runtime() as runtime:
        runtime.market_stores.bars.store(spy, received_at=runtime.clock.now())
    state = backtest_strategy("MomentumStrategy", universe=["SPY"], return_state=True)
    assert "SPY is what others are held against" in state.message
