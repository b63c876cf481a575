"""What a person sees of the bars of a run: who gave them, and what wants looking at."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from prefect.artifacts import create_table_artifact

from alpha_oracle.domain.bars import Absence
from alpha_oracle.domain.requests import RequestPlan
from alpha_oracle.domain.validation import (
    IngestReport,
    OverlapReport,
    SourceCount,
    merged_overlap,
)
from alpha_oracle.marketdata.backfill import BackfillStep

SHOWN_ROWS: Final = 500


def show_plans(what: str, plans: Sequence[RequestPlan]) -> None:
    """Show what the metered sources will be asked, before the first request."""
    metered = [plan for plan in plans if plan.per_day is not None]
    if metered:
        create_table_artifact(
            table=[
                {
                    "source": plan.source,
                    "symbols": plan.symbols,
                    "requests": plan.requests,
                    "left today": plan.left,
                    "a day": plan.per_day,
                }
                for plan in metered
            ],
            key="request-plan",
            description=f"Requests that {what} needs",
        )


def show_sources(what: str, counts: Iterable[SourceCount]) -> None:
    """Show which source gave how many symbols, and what ended its answers."""
    rows = source_rows(counts)
    if rows:
        create_table_artifact(table=rows, key="bar-sources", description=f"Who gave bars of {what}")


def show_attention(what: str, rows: Sequence[dict[str, object]]) -> None:
    """Show the symbols a person should look at: absent, in conflict, disagreeing, split."""
    if rows:
        more = len(rows) - SHOWN_ROWS
        create_table_artifact(
            table=list(rows[:SHOWN_ROWS]),
            key="bars-attention",
            description=f"{what}: {len(rows)} things to look at"
            + (f", the first {SHOWN_ROWS} shown" if more > 0 else ""),
        )


def source_rows(counts: Iterable[SourceCount]) -> list[dict[str, object]]:
    """Add the counts of batches up, by source, in the order in which they were asked."""
    asked: dict[str, int] = {}
    given: dict[str, int] = {}
    failures: dict[str, str] = {}
    for count in counts:
        asked[count.source] = asked.get(count.source, 0) + count.asked
        given[count.source] = given.get(count.source, 0) + count.given
        failures[count.source] = failures.get(count.source) or count.failure
    return [
        {"source": source, "asked": asked[source], "given": given[source], "ended by": said or "-"}
        for source, said in failures.items()
    ]


def attention_rows(overlap: OverlapReport, absences: Iterable[Absence]) -> list[dict[str, object]]:
    """What bars of earlier sessions told, then what sources said of those they gave no bar of."""
    # A source that is away lacks every symbol: that must not crowd out the few others.
    return _overlap_rows(overlap) + _absence_rows(absences)


def attention_of(parts: Sequence[IngestReport | BackfillStep]) -> list[dict[str, object]]:
    """What the parts of a run want looked at."""
    overlap = merged_overlap(part.overlap for part in parts)
    return attention_rows(overlap, [absence for part in parts for absence in part.absent])


def attention_fact(rows: Iterable[dict[str, object]]) -> str:
    """Count what wants looking at, in a line."""
    counts = Counter(str(row["what"]) for row in rows)
    told = ", ".join(f"{what} {count}" for what, count in counts.items())
    return f"{told}; see bars-attention in the run's artifacts" if told else "nothing"


def _absence_rows(absences: Iterable[Absence]) -> list[dict[str, object]]:
    return [
        _row(absence.symbol, f"absent: {absence.kind}", absence.source, absence.reason)
        for absence in dict.fromkeys(absences)
    ]


def _overlap_rows(overlap: OverlapReport) -> list[dict[str, object]]:
    splits = [
        _row(split.symbol, "split recorded", "-", f"{split.value:g} for 1, ex {split.ex_date}")
        for split in overlap.splits
    ]
    conflicts = [
        _row(conflict.symbol, "held", conflict.source, conflict.reason)
        for conflict in overlap.conflicts
    ]
    disagreements = [
        _row(
            one.symbol,
            "sources disagree",
            one.source,
            f"{one.session}: {one.close:g}, stored from {one.stored_source} {one.stored_close:g} "
            f"({one.pct:.2f} %)",
        )
        for one in overlap.disagreements
    ]
    return splits + conflicts + disagreements


def _row(symbol: str, what: str, source: str, detail: str) -> dict[str, object]:
    return {"symbol": symbol, "what": what, "source": source, "detail": detail}
