"""The verb that tries every combination of some parameters' values."""

from __future__ import annotations

from dataclasses import asdict
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
    from collections.abc import Sequence

    from alpha_oracle.domain.sweeps import SweepSummary
    from alpha_oracle.domain.walk_forward import Parameter

SHOWN = 20
FORM = "NAME=V1,V2,..."


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("sweep")(sweep)


def sweep(
    strategy: Annotated[str, typer.Argument(help="The rule to test.")],
    *,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar=FORM, help="Values to try; repeatable."),
    ] = None,
    start: FirstOption = None,
    end: LastOption = None,
    symbols: SymbolsOption = None,
    sizing: SizingOption = "half_kelly",
    walk_forward: WalkForwardOption = False,
    capital: CapitalOption = CAPITAL,
    commission: Annotated[str | None, typer.Option("--commission", help="USD a share.")] = None,
    slippage_bps: SlippageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Backtest a strategy with every combination of parameter values, best Sharpe ratio first."""
    asked: dict[str, Any] = {
        "grid": _grid(parameter or []),
        "start": start,
        "end": end,
        "universe": parse_symbols(symbols) or [],
        "capital_usd": capital,
        "sizing": parsed_sizing(sizing),
        "walk_forward": walk_forward,
    }
    _refuse_what_cannot_be(strategy, asked)
    costs = costs_asked(commission, slippage_bps)

    def run() -> SweepSummary:
        from flows.sweep import sweep_strategy
        from tasks.forms import Costs

        return cast("SweepSummary", sweep_strategy(strategy, costs=Costs(**costs), **asked))

    _print(run_flow(run, quiet=as_json), as_json=as_json)


def _print(summary: SweepSummary, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(summary))
        return
    from alpha_oracle.research.tear_sheet.sweeps import sweep_rows

    # Parameters as they were given: 0.015 is not 0.02.
    given = summary.variants[0].parameters
    rows = [
        {name: str(value) if name in given else value for name, value in row.items()}
        for row in sweep_rows(summary)[:SHOWN]
    ]
    print_rows(
        rows,
        title=f"{summary.strategy}: {summary.title}, {summary.first} to {summary.last}",
        empty="nothing was tried",
    )
    if len(summary.variants) > SHOWN:
        typer.echo(f"the best {SHOWN} of {len(summary.variants)}; all of them: --json")
    best = summary.variants[0]
    told = " ".join(f"--parameter {name}={value}" for name, value in best.parameters.items())
    typer.echo(
        f"the tear sheet of the first, with the other options as here: "
        f"alpha-oracle backtest {summary.strategy} {told}"
    )


def _grid(texts: Sequence[str]) -> dict[str, list[Parameter]]:
    grid: dict[str, list[Parameter]] = {}
    for text in texts:
        name, values = parsed_assignment(text, form=FORM)
        if name in grid:
            raise ConfigurationError(f"{name} is given twice; write all its values as {FORM}")
        grid[name] = [parsed_value(value) for value in values.split(",") if value.strip()]
    return grid


def _refuse_what_cannot_be(strategy: str, asked: dict[str, Any]) -> None:
    # What is wrong with the question is said at once, not by a flow run.
    from alpha_oracle.config import MOST_CAPITAL_USD
    from alpha_oracle.strategies import registry
    from alpha_oracle.strategies.grids import combinations

    refuse_no_capital(asked["capital_usd"], most=MOST_CAPITAL_USD)
    combinations(registry.named(strategy), asked["grid"])
    require_forward(asked["start"], asked["end"])
