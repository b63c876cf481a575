"""Judges a batch of received bars: each is accepted, or held with the expectations it failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alpha_oracle.domain.validation import EXAMPLES, ExpectationResult, ValidationReport
from alpha_oracle.marketdata.held import held_bar, held_unreadable
from alpha_oracle.marketdata.validation import suite
from alpha_oracle.marketdata.validation.evidence import evidence
from alpha_oracle.marketdata.validation.jumps import jump_ratios
from alpha_oracle.marketdata.validation.timeline import STORED, Timeline, lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns, QuarantinedBar, ReceivedBars
    from alpha_oracle.marketdata.validation.context import Coverage, ValidationContext


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Validated:
    """A batch judged: the bars to store, the rows to hold, and what was found.

    `is_accepted` tells of each received bar which it is, `is_correction` which of those accepted
    the store holds otherwise.
    """

    accepted: ReceivedBars
    held: tuple[QuarantinedBar, ...]
    report: ValidationReport
    is_accepted: NDArray[np.bool_]
    is_correction: NDArray[np.bool_]


def validate(received: ReceivedBars, context: ValidationContext) -> Validated:
    """Run the suite on a batch. Nothing is repaired and nothing is dropped.

    Closes are judged last, against the last bar that every other expectation accepted.
    """
    bars = received.bars
    rows = lay_out(received, context.stored)
    frame = evidence(bars, rows, latest=context.latest)
    failing = suite.failing_rows(frame, suite.row_checks(context.bounds))
    is_known = _of_received(rows, rows.is_known, count=len(bars))
    is_sound = _none_of(failing, count=len(bars)) | is_known
    ratios = _ratios(rows, is_sound, context, count=len(bars))
    jumps = pd.DataFrame({"jump_ratio": ratios})
    failing |= suite.failing_rows(jumps, [suite.jump_check(context.bounds)])
    is_accepted = is_known | _none_of(failing, count=len(bars))
    failing = {name: found[~is_known[found]] for name, found in failing.items()}
    held = _held(received, failing, ratios, context)
    accepted = replace(received, bars=bars.take(is_accepted), unreadable=(), actions=())
    results = _results(received, failing, evaluated=int(is_sound.sum()))
    report = ValidationReport(
        received=len(bars) + len(received.unreadable),
        accepted=len(accepted.bars),
        quarantined=len(held),
        results=results,
    )
    is_correction = is_accepted & _of_received(rows, rows.is_other, count=len(bars))
    return Validated(
        accepted=accepted,
        held=held,
        report=report,
        is_accepted=is_accepted,
        is_correction=is_correction,
    )


def coverage_result(accepted: int, coverage: Coverage) -> ExpectationResult:
    """Say whether as many bars were accepted as should come."""
    is_met = suite.covers(pd.DataFrame({"accepted": np.arange(accepted)}), coverage)
    return ExpectationResult(
        expectation=suite.COVERAGE,
        evaluated=coverage.expected,
        failed=0 if is_met else max(coverage.expected - accepted, 1),
    )


def _of_received(rows: Timeline, values: NDArray[np.bool_], *, count: int) -> NDArray[np.bool_]:
    found = np.zeros(count, dtype=np.bool_)
    received = rows.row != STORED
    found[rows.row[received]] = values[received]
    return found


def _none_of(failing: Mapping[str, NDArray[np.intp]], *, count: int) -> NDArray[np.bool_]:
    fine = np.ones(count, dtype=np.bool_)
    for found in failing.values():
        fine[found] = False
    return fine


def _ratios(
    rows: Timeline, is_sound: NDArray[np.bool_], context: ValidationContext, *, count: int
) -> NDArray[np.float64]:
    is_stored = rows.row == STORED
    sound = rows.take(is_stored | is_sound[np.where(is_stored, 0, rows.row)]) if count else rows
    ratios = jump_ratios(sound, context.actions, bound=context.bounds.max_jump_ratio)
    of_received = np.full(count, np.nan)
    received = sound.row != STORED
    of_received[sound.row[received]] = ratios[received]
    return of_received


def _held(
    received: ReceivedBars,
    failing: Mapping[str, NDArray[np.intp]],
    ratios: NDArray[np.float64],
    context: ValidationContext,
) -> tuple[QuarantinedBar, ...]:
    failed: dict[int, list[str]] = {}
    for name, found in failing.items():
        for row in found.tolist():
            failed.setdefault(row, []).append(name)
    bars = (
        held_bar(
            received,
            row,
            expectations=tuple(failed[row]),
            detail=_detail(failed[row], float(ratios[row]), context),
            at=context.at,
        )
        for row in sorted(failed)
    )
    unreadable = (
        held_unreadable(row, received.batch, at=context.at) for row in received.unreadable
    )
    return (*bars, *unreadable)


def _detail(names: list[str], ratio: float, context: ValidationContext) -> str:
    if names == [suite.JUMP]:
        bound = context.bounds.max_jump_ratio
        return (
            f"the close is a factor of {ratio:.2f} from the last accepted one (bound {bound:g}) "
            "and no corporate action explains it"
        )
    return "; ".join(suite.MEANINGS[name] for name in names)


def _results(
    received: ReceivedBars, failing: Mapping[str, NDArray[np.intp]], *, evaluated: int
) -> tuple[ExpectationResult, ...]:
    bars, unreadable = received.bars, received.unreadable
    readable = ExpectationResult(
        expectation=suite.READABLE,
        evaluated=len(bars) + len(unreadable),
        failed=len(unreadable),
        examples=tuple(f"{row.symbol} {row.session}".strip() for row in unreadable[:EXAMPLES]),
    )
    on_bars = (
        ExpectationResult(
            expectation=name,
            evaluated=evaluated if name == suite.JUMP else len(bars),
            failed=len(found),
            examples=_examples(bars, found),
        )
        for name, found in failing.items()
    )
    return (readable, *on_bars)


def _examples(bars: BarColumns, rows: NDArray[np.intp]) -> tuple[str, ...]:
    return tuple(
        f"{bars.symbols[bars.symbol_index[row]]} {bars.session[row]}"
        for row in rows[:EXAMPLES].tolist()
    )
