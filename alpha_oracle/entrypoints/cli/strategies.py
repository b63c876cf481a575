"""Verbs about strategies: which there are, where they come from, whether one sees the future."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows
from alpha_oracle.entrypoints.cli.research import found_wanting

if TYPE_CHECKING:
    from alpha_oracle.strategies.base import Strategy
    from alpha_oracle.strategies.custom import BrokenStrategy
    from alpha_oracle.strategies.foresight import Honesty


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    strategies = typer.Typer(help="The strategies, ours and those of installed packages.")
    strategies.command("list")(list_strategies)
    strategies.command("check")(check_for_foresight)
    app.add_typer(strategies, name="strategies")


def list_strategies(*, as_json: JsonOption = False) -> int:
    """Every strategy with its package; fails where one that a package offers cannot be used."""
    from alpha_oracle.strategies import registry

    usable, broken = registry.all(), registry.broken()
    if as_json:
        print_json([*map(_document, usable), *map(_broken_document, broken)])
        return 1 if broken else 0
    print_rows(
        [_row(strategy) for strategy in usable],
        title=f"Strategies: {len(usable)}",
        empty="no strategy can be used",
    )
    for one in broken:
        typer.echo(f"cannot be used: {one.text}")
    return 1 if broken else 0


def check_for_foresight(
    name: Annotated[str, typer.Argument(help="The strategy's name.")],
    *,
    as_json: JsonOption = False,
) -> int:
    """Cut the stored market off at some sessions and see whether a strategy decides otherwise."""
    from alpha_oracle.bootstrap.strategies import check_strategy

    with found_wanting():
        found = check_strategy(name)
    if as_json:
        print_json({**asdict(found), "is_honest": found.is_honest})
    else:
        typer.echo(_told(found))
    return 0 if found.is_honest else 1


def _document(strategy: Strategy) -> dict[str, object]:
    from alpha_oracle.strategies import registry
    from alpha_oracle.strategies.parameters import parameters_of

    return {
        "name": strategy.name,
        "features": list(strategy.features),
        "min_hold_days": strategy.min_hold_days,
        "max_hold_days": strategy.max_hold_days,
        "parameters": parameters_of(strategy),
        "package": registry.origin_of(strategy.name),
        "broken": None,
    }


def _broken_document(one: BrokenStrategy) -> dict[str, object]:
    nothing = dict.fromkeys(("features", "min_hold_days", "max_hold_days", "parameters"))
    return {"name": one.entry_point, **nothing, "package": one.origin, "broken": one.reason}


def _row(strategy: Strategy) -> dict[str, object]:
    from alpha_oracle.strategies.parameters import parameters_of

    facts = {name: fact for name, fact in _document(strategy).items() if name != "broken"}
    told = ", ".join(f"{name} {value}" for name, value in parameters_of(strategy).items())
    return {**facts, "parameters": told or "none"}


def _told(found: Honesty) -> str:
    seen = found.foresight
    if not found.is_repeatable:
        return (
            f"{found.strategy} is not repeatable: the same market gave other wishes the second "
            "time; it must draw no random numbers without a seed and remember nothing"
        )
    if seen is not None:
        return (
            f"{found.strategy} sees the future: its wish for {seen.symbol} on {seen.session} is "
            f"another one when the market ends on {seen.known_to}"
        )
    return (
        f"{found.strategy} decides the same at {found.cuts} sessions with the future cut off; "
        f"it wants {found.entries:,} entries in all"
    )
