"""What a person sees of reference data: who was asked, what came, and what wants looking at."""

from collections.abc import Sequence
from typing import Final

from prefect.artifacts import create_table_artifact

from alpha_oracle.domain.reference import FamilyReport

SHOWN_ABSENT: Final = 500


def show_reference(what: str, reports: Sequence[FamilyReport]) -> None:
    """Show what became of each family, then the symbols a source had nothing of."""
    create_table_artifact(
        table=[family_row(report) for report in reports],
        key="reference-data",
        description=f"What is known beside bars, as of {what}",
    )
    absent = [row for report in reports for row in absence_rows(report)]
    if absent:
        create_table_artifact(
            table=absent[:SHOWN_ABSENT],
            key="reference-absent",
            description=f"{what}: {len(absent)} symbols a source had nothing of",
        )


def show_family(report: FamilyReport) -> None:
    """Show what became of one family."""
    show_reference(report.family.value.replace("_", " "), [report])


def family_row(report: FamilyReport) -> dict[str, object]:
    """A report as a row a person reads."""
    return {
        "family": report.family.value.replace("_", " "),
        "source": report.source or "nobody",
        "asked": report.asked,
        "answered": report.answered,
        "new": report.stored,
        "corrected": report.corrected,
        "refused": report.refused,
        "absent": len(report.absent),
        "ended by": report.ended_by or "-",
    }


def absence_rows(report: FamilyReport) -> list[dict[str, object]]:
    """The symbols a source had nothing of, with what it said."""
    return [
        {
            "family": report.family.value.replace("_", " "),
            "symbol": absence.symbol,
            "why": absence.kind.value.replace("_", " "),
            "said": absence.reason,
        }
        for absence in report.absent
    ]
