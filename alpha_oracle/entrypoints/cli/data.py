"""Verbs that bring data in, and judge what is held back."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.entrypoints.cli import reference_imports
from alpha_oracle.entrypoints.cli.options import LimitOption, PathArgument, parse_ticker
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts, print_json, print_rows
from alpha_oracle.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    imports = typer.Typer(help="Take files in: bars, and what is known beside them.")
    imports.command("bars")(import_bars)
    imports.command("members")(import_members)
    imports.command("sectors")(import_sectors)
    imports.command("actions")(import_actions)
    reference_imports.add_to(imports)
    app.add_typer(imports, name="import")
    quarantine = typer.Typer(help="Bars held back by validation: look at them, release true ones.")
    quarantine.command("list")(list_quarantine)
    quarantine.command("release")(release_quarantine)
    app.add_typer(quarantine, name="quarantine")


def import_bars(
    path: PathArgument,
    *,
    prices: Annotated[
        PriceBasis, typer.Option("--prices", help="What the file holds.")
    ] = PriceBasis.SPLIT_ADJUSTED,
    as_json: JsonOption = False,
) -> None:
    """Daily bars from CSV or Parquet, through the validation of the daily job."""
    from alpha_oracle.bootstrap.files import read_bars

    read = read_bars(path, prices=prices)
    for note in read.notes:
        typer.echo(f"note: {note}", err=True)

    from alpha_oracle.bootstrap.intake import take_bars

    report = take_bars(read.received)
    failed = [result for result in report.validation.results if result.failed]
    facts = {
        "received": report.received,
        "stored_new": report.stored.inserted,
        "stored_before": report.stored.unchanged,
        "corrected": report.stored.corrected,
        "quarantined": report.quarantined,
        "unreadable": report.unreadable,
        "corporate_actions": report.actions,
        "failed_expectations": {result.expectation: result.failed for result in failed},
    }
    print_facts(facts, as_json=as_json)
    if not as_json and report.quarantined + report.unreadable:
        typer.echo("held back: see `alpha-oracle quarantine list`", err=True)


def import_members(path: PathArgument, *, as_json: JsonOption = False) -> None:
    """Index membership: ticker,start_date,end_date (end exclusive, empty: still a member)."""
    from alpha_oracle.bootstrap.files import read_members

    members = read_members(path)

    from alpha_oracle.bootstrap.intake import take_members

    print_facts({"intervals": len(members), "changed": take_members(members)}, as_json=as_json)


def import_sectors(path: PathArgument, *, as_json: JsonOption = False) -> None:
    """Sectors: symbol,sector[,start_date,end_date]."""
    from alpha_oracle.bootstrap.files import read_sectors

    sectors = read_sectors(path)

    from alpha_oracle.bootstrap.intake import take_sectors

    print_facts({"assignments": len(sectors), "changed": take_sectors(sectors)}, as_json=as_json)


def import_actions(path: PathArgument, *, as_json: JsonOption = False) -> None:
    """Splits and dividends: symbol,ex_date,type,value; explains bars held for a jump."""
    from alpha_oracle.bootstrap.files import read_actions

    actions = read_actions(path)

    from alpha_oracle.bootstrap.intake import take_actions

    report = take_actions(actions)
    facts = {
        "actions": report.received,
        "changed": report.changed,
        "held_bars_explained": report.revalidated.explained,
        "still_held": report.revalidated.still_held,
    }
    print_facts(facts, as_json=as_json)


def list_quarantine(
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="One symbol.")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """Bars held back, with the expectations they failed."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        held = records.quarantine.held(symbols=None if symbol is None else [parse_ticker(symbol)])
    shown = held[:limit]
    rows = [
        {
            "id": bar.quarantine_id,
            "symbol": bar.symbol,
            "session": bar.session,
            "source": bar.source,
            "expectations": list(bar.expectations),
            "detail": bar.detail,
        }
        for bar in shown
    ]
    if as_json:
        received = [{"received": dict(bar.received)} for bar in shown]
        print_json([row | more for row, more in zip(rows, received, strict=True)])
        return
    print_rows(rows, title=f"Held back: {len(held)}", empty="nothing is held back")


def release_quarantine(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids from `quarantine list`.")] = None,
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="All its held jumps.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why they are true; audited.")],
    as_json: JsonOption = False,
) -> None:
    """Store held bars as they were received, on your word; audited."""
    if bool(ids) == bool(symbol):
        raise ConfigurationError("name either ids or --symbol; see `quarantine list`")

    from alpha_oracle.bootstrap.intake import release

    report = release(
        ids or (),
        None if symbol is None else parse_ticker(symbol),
        actor=f"cli:{getpass.getuser()}",
        reason=reason,
    )
    facts = {
        "released": report.released,
        "explained_behind_them": report.revalidated.explained,
        "still_held": report.revalidated.still_held,
    }
    print_facts(facts, as_json=as_json)
