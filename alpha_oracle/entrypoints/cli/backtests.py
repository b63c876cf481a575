"""The verb that backtests: a strategy with its tear sheet, or a list of orders."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from alpha_oracle.domain.backtests import require_forward
from alpha_oracle.entrypoints.cli.options import SymbolsOption, parse_symbols
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows
from alpha_oracle.entrypoints.cli.research import run_flow
from alpha_oracle.entrypoints.cli.trading import (
    CAPITAL,
    CapitalOption,
    FirstOption,
    LastOption,
    SizingOption,
    SlippageOption,
    WalkForwardOption,
    costs_asked,
    parsed_assignment,
    parsed_sizing,
    parsed_value,
    refuse_no_capital,
)
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.domain.backtests import BacktestSummary

ORDERS = "Replay these orders (CSV or Parquet: session,symbol,side,quantity), limits off."


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("backtest")(backtest)


def backtest(
    strategy: Annotated[str | None, typer.Argument(help="The rule to test.")] = None,
    *,
    start: FirstOption = None,
    end: LastOption = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the tear sheet here too.")
    ] = None,
    symbols: SymbolsOption = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="Of the strategy; repeatable."),
    ] = None,
    sizing: SizingOption = "half_kelly",
    walk_forward: WalkForwardOption = False,
    orders: Annotated[Path | None, typer.Option("--orders", help=ORDERS)] = None,
    capital: CapitalOption = CAPITAL,
    commission: Annotated[
        str | None,
        typer.Option("--commission", help="USD a share; with --orders also 0.1%, of the order."),
    ] = None,
    slippage_bps: SlippageOption = None,
    as_json: JsonOption = False,
) -> None:
    """One backtest with its tear sheet, or, with --orders, a replay of orders."""
    refuse_no_capital(capital)
    if orders is not None:
        _refuse_both(
            strategy=strategy,
            start=start,
            end=end,
            report=report,
            symbols=symbols,
            parameter=parameter,
            walk_forward=walk_forward or None,
        )
        from alpha_oracle.entrypoints.cli.replay import replay_orders

        replay_orders(
            orders,
            capital=capital,
            commission="0" if commission is None else commission,
            slippage_bps=slippage_bps or 0.0,
            as_json=as_json,
        )
        return
    if strategy is None:
        raise ConfigurationError("name a strategy, or a list with --orders")
    asked = {
        "start": start,
        "end": end,
        "universe": parse_symbols(symbols) or [],
        "capital_usd": capital,
        "sizing": parsed_sizing(sizing),
        "walk_forward": walk_forward,
        "parameters": dict(map(_parsed_parameter, parameter or [])),
    }
    _refuse_what_cannot_be(strategy, asked)
    costs = costs_asked(commission, slippage_bps)
    summary = _run(strategy, asked, costs, as_json=as_json)
    if report is not None:
        shutil.copyfile(summary.tear_sheet, report)
    _print(summary, report, as_json=as_json)


def _run(
    strategy: str, asked: dict[str, Any], costs: dict[str, Any], *, as_json: bool
) -> BacktestSummary:
    def run() -> BacktestSummary:
        from flows.backtest import backtest_strategy
        from tasks.forms import Costs

        return cast("BacktestSummary", backtest_strategy(strategy, costs=Costs(**costs), **asked))

    return run_flow(run, quiet=as_json)


def _print(summary: BacktestSummary, report: Path | None, *, as_json: bool) -> None:
    path = str(report or summary.tear_sheet)
    if as_json:
        print_json({**asdict(summary), "tear_sheet": path})
        return
    metrics, chance = summary.metrics, summary.chance
    interval = summary.resampled.sharpe
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    print_rows(
        [
            {
                "first": summary.first,
                "last": summary.last,
                "equity_usd": summary.final_equity_usd,
                "return_pct": metrics.total_return_pct,
                "sharpe": metrics.sharpe,
                "sharpe_from": low,
                "sharpe_to": high,
                "sortino": metrics.sortino,
                "max_drawdown_pct": metrics.max_drawdown_pct,
                "profit_factor": metrics.profit_factor,
                "trades": metrics.trades,
                "deflated_sharpe": chance.deflated_sharpe,
                "trials": chance.trials,
            }
        ],
        title=f"{summary.strategy}: {summary.title}",
        empty="no session was traded",
    )
    for note in summary.notes:
        typer.echo(note)
    typer.echo(f"tear sheet: {path}")


def _refuse_what_cannot_be(strategy: str, asked: dict[str, Any]) -> None:
    # What is wrong with the question is said at once, not by a flow run.
    from alpha_oracle.config import MOST_CAPITAL_USD
    from alpha_oracle.strategies import registry
    from alpha_oracle.strategies.parameters import with_parameters

    refuse_no_capital(asked["capital_usd"], most=MOST_CAPITAL_USD)
    with_parameters(registry.named(strategy), **asked["parameters"])
    require_forward(asked["start"], asked["end"])


def _refuse_both(**asked: object) -> None:
    given = ", ".join(name.replace("_", "-") for name, value in asked.items() if value is not None)
    if given:
        raise ConfigurationError(
            f"{given} and --orders were both given; a replay follows the orders alone"
        )


def _parsed_parameter(text: str) -> tuple[str, Any]:
    name, value = parsed_assignment(text, form="NAME=VALUE")
    return name, parsed_value(value)
