"""Insiders, short interest and volatility, in full."""

from datetime import date

from prefect import flow, unmapped

from alpha_oracle.domain.reference import Family, FamilyReport
from tasks.alerts import report_failure
from tasks.reference import refresh_history


@flow(name="refresh-alternative", on_failure=[report_failure], on_crashed=[report_failure])
def refresh_alternative(
    start: date | None = None, *, symbols: list[str] | None = None, max_age_days: int = 13
) -> list[FamilyReport]:
    """Ask for ownership filings, short interest and VIX from a day on.

    What is stored already is not asked for again: a run that was killed goes on where it stopped.

    Args:
        start: how far back; none means 400 days.
        symbols: only these; none means every symbol the index ever had.
        max_age_days: leave alone what was answered within so many days; 0 asks for everything.
    """
    return refresh_history.map(
        [Family.INSIDERS, Family.SHORT_INTEREST, Family.VOLATILITY],
        symbols=unmapped(symbols),
        start=unmapped(start),
        max_age_days=unmapped(max_age_days),
    ).result()
