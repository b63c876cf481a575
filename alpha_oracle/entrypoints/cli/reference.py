"""Verbs about what is known beside bars: bring it up to date, see what there is."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.domain.reference import Family
from alpha_oracle.entrypoints.cli.options import (
    DAY,
    LimitOption,
    SymbolsOption,
    parse_day,
    parse_symbols,
)
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows
from alpha_oracle.entrypoints.cli.research import run_flow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.reference import FamilyReport

AgeOption = Annotated[
    int,
    typer.Option(
        "--max-age-days", min=0, help="Leave alone what was answered within so many days."
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    reference = typer.Typer(help="Statements, insiders, short interest, VIX and SPY.")
    reference.command("fundamentals")(refresh_fundamentals)
    reference.command("alternative")(refresh_alternative)
    reference.command("status")(show_status)
    reference.command("refused")(show_refused)
    app.add_typer(reference, name="reference")


def refresh_fundamentals(
    *, symbols: SymbolsOption = None, max_age_days: AgeOption = 6, as_json: JsonOption = False
) -> int:
    """Statements of every company that was not asked for lately."""
    names = parse_symbols(symbols)

    def run() -> list[FamilyReport]:
        from flows.refresh_fundamentals import refresh_fundamentals as refresh

        return [refresh(names, max_age_days=max_age_days)]

    return _print_reports(run_flow(run, quiet=as_json), as_json=as_json)


def refresh_alternative(
    *,
    start: Annotated[
        date | None,
        typer.Option("--start", parser=parse_day, metavar=DAY, help="First day; else 400 ago."),
    ] = None,
    symbols: SymbolsOption = None,
    max_age_days: AgeOption = 13,
    as_json: JsonOption = False,
) -> int:
    """Insiders' filings, short interest and VIX, from a day on."""
    names = parse_symbols(symbols)

    def run() -> list[FamilyReport]:
        from flows.refresh_alternative import refresh_alternative as refresh

        return refresh(start, symbols=names, max_age_days=max_age_days)

    return _print_reports(run_flow(run, quiet=as_json), as_json=as_json)


def show_status(*, as_json: JsonOption = False) -> None:
    """What is stored of each family, who is asked for it, and what to do where nothing is."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        rows = [
            {
                "family": family.value,
                "source": records.reference_sources.get(family),
                "answered": len(records.families.log.fetches(family, source)) if source else 0,
                "stored": family not in absent,
                "what_to_do": absent.get(family),
            }
            for absent in [records.absences()]
            for family in Family
            for source in [records.reference_sources.get(family)]
        ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="What is known beside bars", empty="nothing")


def show_refused(
    *,
    family: Annotated[Family, typer.Option("--family", help="Of which family.")],
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """Rows that could not be used, newest first, with the reason."""
    from alpha_oracle.bootstrap.records import opened_records

    with opened_records() as records:
        refused = records.families.log.refused(family, limit=limit)
    rows = [{"subject": row.subject, "reason": row.reason} for row in refused]
    if as_json:
        received = [{"received": dict(row.received)} for row in refused]
        print_json([row | more for row, more in zip(rows, received, strict=True)])
        return
    print_rows(rows, title=f"Refused: {len(rows)}", empty="nothing was refused")


def _print_reports(reports: Sequence[FamilyReport], *, as_json: bool) -> int:
    if as_json:
        print_json([_document(report) for report in reports])
    else:
        for report in reports:
            typer.echo(f"{report.family.value.replace('_', ' ')}: {report.line}")
    return 1 if any(report.ended_by for report in reports) else 0


def _document(report: FamilyReport) -> dict[str, object]:
    return {
        "family": report.family.value,
        "source": report.source,
        "asked": report.asked,
        "answered": report.answered,
        "stored": report.stored,
        "corrected": report.corrected,
        "refused": report.refused,
        "absent": [
            {"symbol": one.symbol, "kind": one.kind.value, "reason": one.reason}
            for one in report.absent
        ],
        "ended_by": report.ended_by or None,
    }
