"""Statements of every company of the universe."""

from prefect import flow

from alpha_oracle.domain.reference import Family, FamilyReport
from tasks.alerts import report_failure
from tasks.reference import refresh_history


@flow(name="refresh-fundamentals", on_failure=[report_failure], on_crashed=[report_failure])
def refresh_fundamentals(
    symbols: list[str] | None = None, *, max_age_days: int = 6
) -> FamilyReport:
    """Ask for the statements of every company that was not asked for lately.

    What is stored already is not asked for again: a run that was killed goes on where it stopped.

    Args:
        symbols: only these; none means every symbol the index ever had.
        max_age_days: leave alone what was answered within so many days; 0 asks for everything.
    """
    return refresh_history(Family.FUNDAMENTALS, symbols=symbols, max_age_days=max_age_days)
