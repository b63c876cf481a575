"""Bars for a range of sessions."""

from datetime import date

from prefect import flow

from alpha_oracle.domain.runs import BackfillReport
from tasks.alerts import report_failure
from tasks.bars import backfill_range


@flow(name="backfill", on_failure=[report_failure], on_crashed=[report_failure])
def backfill_bars(
    start: date, end: date, *, source: str | None = None, symbols: list[str] | None = None
) -> BackfillReport:
    """Fetch and store the bars of every session from `start` to `end`, both included.

    What is stored already is not fetched again: a run that was killed goes on where it stopped.

    Args:
        start: the first session.
        end: the last session.
        source: where bars come from; none means the setting `data.source`.
        symbols: only these; none means the universe of each session.
    """
    return backfill_range(start, end, source=source, symbols=symbols)
