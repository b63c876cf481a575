"""One answer of a source into the stores: held against what is stored, judged, kept or held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.validation import (
    EXAMPLES,
    Conflict,
    ExpectationResult,
    OverlapReport,
    ValidationReport,
    merged_report,
)
from alpha_oracle.marketdata.held import earlier_closes, held_bar
from alpha_oracle.marketdata.imports import explain_held
from alpha_oracle.marketdata.known import present_symbols, validation_context
from alpha_oracle.marketdata.overlap import judge_overlap
from alpha_oracle.marketdata.validation.suite import OVERLAP
from alpha_oracle.marketdata.validation.validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import (
        BarColumns,
        QuarantinedBar,
        ReceivedBars,
        StoredBars,
        StoreReport,
        UnreadableRow,
    )
    from alpha_oracle.domain.market import CorporateAction, Session, Symbol
    from alpha_oracle.marketdata.overlap import Overlap
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds

# The newest closes are those that tell; a held bar carries no more.
_CARRIED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TakenIn:
    """What became of one answer: `accepted` bars were stored, `held` put aside."""

    accepted: BarColumns
    held: tuple[QuarantinedBar, ...]
    stored: StoreReport
    validation: ValidationReport
    overlap: OverlapReport


def take_in(
    received: ReceivedBars,
    stores: MarketStores,
    *,
    start: Session,
    end: Session,
    bounds: ValidationBounds,
    latest: Session,
    at: datetime,
) -> TakenIn:
    """Judge and store what an answer says of the sessions from `start` to `end`.

    Earlier bars in it, and those of stored sessions, serve as evidence; of these only what their
    own source corrected is stored, within the range. Corporate actions that came along or were
    found are saved first, so that they can explain the bars, and those held before.

    Raises:
        StoreUnavailable: repeat it.
    """
    _save(received.actions, stores, source=received.batch.source, at=at)
    found, overlap = _overlap(received, stores, bounds=bounds, at=at)
    wanted = _within(received, found, start=start, end=end)
    is_disputed = wanted & _is_of(received.bars, {each.symbol for each in found.conflicts})
    disputed = _disputed(received, is_disputed, found, at=at)
    part = replace(
        received,
        bars=received.bars.take(wanted & ~is_disputed),
        unreadable=tuple(row for row in received.unreadable if _may_be_within(row, start, end)),
        actions=(),
    )
    context = validation_context(part, stores, bounds=bounds, latest=latest, at=at)
    judged = validate(part, context)
    held = (*judged.held, *disputed)
    stores.quarantine.hold(held)
    stored = stores.bars.store(judged.accepted, received_at=at)
    explain_held((*received.actions, *overlap.splits), stores, bounds=bounds, at=at)
    evaluated = int((wanted & _is_of(received.bars, found.judged)).sum())
    return TakenIn(
        accepted=judged.accepted.bars,
        held=held,
        stored=stored,
        validation=merged_report([judged.report, *_overlap_reports(evaluated, disputed)]),
        overlap=overlap,
    )


def _overlap(
    received: ReceivedBars,
    stores: MarketStores,
    *,
    bounds: ValidationBounds,
    at: datetime,
) -> tuple[Overlap, OverlapReport]:
    symbols = present_symbols(received.bars)
    stored = _stored(received.bars, symbols, stores, at=at)

    def judged() -> Overlap:
        actions = stores.reference.actions(symbols=symbols) if symbols else []
        return judge_overlap(
            received, stored, actions, max_disagreement_pct=bounds.max_disagreement_pct
        )

    found = judged()
    splits = found.splits
    if splits:
        _save(splits, stores, source=received.batch.source, at=at)
        # What a split leaves unexplained is no matter for a second one.
        found = judged()
        found = replace(found, conflicts=(*found.conflicts, *map(_unsettled, found.splits)))
    return found, OverlapReport(
        splits=splits,
        conflicts=found.conflicts,
        disagreements=found.disagreements,
        corrections_seen=int(found.is_correction.sum()),
    )


def _stored(
    bars: BarColumns, symbols: Sequence[Symbol], stores: MarketStores, *, at: datetime
) -> StoredBars:
    # An answer without a bar repeats none: any session will do.
    first = bars.session.min().item() if len(bars) else at.date()
    last = bars.session.max().item() if len(bars) else at.date()
    return stores.bars.load(start=first, end=last, as_of=at, symbols=symbols)


def _unsettled(split: CorporateAction) -> Conflict:
    return Conflict(
        symbol=split.symbol,
        source="",
        reason=f"the prices of {split.symbol} move by a further {split.value:f} on "
        f"{split.ex_date} once the split found in them is recorded; see the recorded actions",
    )


def _save(
    actions: Sequence[CorporateAction], stores: MarketStores, *, source: str, at: datetime
) -> None:
    if actions:
        stores.reference.save_actions(actions, source=source, received_at=at)


def _is_of(bars: BarColumns, symbols: set[Symbol] | frozenset[Symbol]) -> NDArray[np.bool_]:
    named = np.array([symbol in symbols for symbol in bars.symbols], dtype=np.bool_)
    rows: NDArray[np.bool_] = named[bars.symbol_index] if len(bars) else np.empty(0, np.bool_)
    return rows


def _disputed(
    received: ReceivedBars, is_disputed: NDArray[np.bool_], found: Overlap, *, at: datetime
) -> tuple[QuarantinedBar, ...]:
    bars = received.bars
    reasons = {conflict.symbol: conflict.reason for conflict in found.conflicts}
    evidence = {
        code: np.flatnonzero(found.is_repeated & (bars.symbol_index == code))[-_CARRIED:]
        for code in np.unique(bars.symbol_index[is_disputed]).tolist()
    }
    earlier = {code: earlier_closes(received, rows) for code, rows in evidence.items()}
    return tuple(
        held_bar(
            received,
            row,
            expectations=(OVERLAP,),
            detail=reasons[bars.symbols[bars.symbol_index[row]]],
            at=at,
            earlier=earlier[int(bars.symbol_index[row])],
        )
        for row in np.flatnonzero(is_disputed).tolist()
    )


def _within(
    received: ReceivedBars, found: Overlap, *, start: Session, end: Session
) -> NDArray[np.bool_]:
    days = received.bars.session.astype("datetime64[D]")
    is_in_range = (days >= np.datetime64(start, "D")) & (days <= np.datetime64(end, "D"))
    rows: NDArray[np.bool_] = is_in_range & (~found.is_repeated | found.is_correction)
    return rows


def _may_be_within(row: UnreadableRow, start: Session, end: Session) -> bool:
    try:
        return start <= date.fromisoformat(row.session) <= end
    except ValueError:
        return True


def _overlap_reports(evaluated: int, disputed: Sequence[QuarantinedBar]) -> list[ValidationReport]:
    if not evaluated:
        return []
    result = ExpectationResult(
        expectation=OVERLAP,
        evaluated=evaluated,
        failed=len(disputed),
        examples=tuple(f"{bar.symbol} {bar.session}" for bar in disputed[:EXAMPLES]),
    )
    held = len(disputed)
    return [ValidationReport(received=held, accepted=0, quarantined=held, results=(result,))]
