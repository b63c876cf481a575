"""The `import` verbs of what is known beside bars."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.entrypoints.cli.options import DAY, PathArgument, parse_day
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from alpha_oracle.marketdata.reference.imports import ReferenceImport

CoversOption = Annotated[
    date | None,
    typer.Option(
        "--covers-from",
        parser=parse_day,
        metavar=DAY,
        help="The files hold every filing of their symbols from this day on.",
    ),
]


def add_to(imports: typer.Typer) -> None:
    """Add these verbs to `import`."""
    imports.command("fundamentals")(import_fundamentals)
    imports.command("insiders")(import_insiders)
    imports.command("short-interest")(import_short_interest)
    imports.command("volatility")(import_volatility)


def import_fundamentals(path: PathArgument, *, as_json: JsonOption = False) -> None:
    """Statements: a row a figure, or a column an item, with the day they were published."""
    from alpha_oracle.bootstrap.files import read_statements

    received = read_statements(path)

    from alpha_oracle.bootstrap.reference_imports import take_statements

    _answer(take_statements(received), as_json=as_json)


def import_insiders(
    path: PathArgument, *, covers_from: CoversOption = None, as_json: JsonOption = False
) -> None:
    """Ownership filings: SEC Forms 4 and 4/A, as XML or full submissions."""
    from alpha_oracle.bootstrap.files import read_ownership_files

    received = read_ownership_files(path)
    if received.refused and not received.filings:
        raise DataError(f"{path} holds no ownership filing: {received.refused[0].reason}")

    from alpha_oracle.bootstrap.reference_imports import take_filings

    _answer(take_filings(received, covers_from=covers_from), as_json=as_json)
    if covers_from is None:
        typer.echo(
            "note: without --covers-from nothing says that these are all filings of their symbols, "
            "so features over them stay unknown",
            err=True,
        )


def import_short_interest(path: PathArgument, *, as_json: JsonOption = False) -> None:
    """Short interest of the symbols we have: a consolidated file of FINRA."""
    from alpha_oracle.bootstrap.reference_imports import take_short_interest

    _answer(take_short_interest(path), as_json=as_json)


def import_volatility(path: PathArgument, *, as_json: JsonOption = False) -> None:
    """VIX: a history of date,open,high,low,close, as Cboe publishes it."""
    from alpha_oracle.bootstrap.reference_imports import take_levels

    _answer(take_levels(path), as_json=as_json)


def _answer(report: ReferenceImport, *, as_json: bool) -> None:
    facts = {
        "received": report.received,
        "stored_new": report.stored.inserted,
        "stored_before": report.stored.unchanged,
        "corrected": report.stored.corrected,
        "refused": report.refused,
    }
    print_facts(facts, as_json=as_json)
    if report.refused and not as_json:
        typer.echo("refused rows: see `alpha-oracle reference refused`", err=True)
