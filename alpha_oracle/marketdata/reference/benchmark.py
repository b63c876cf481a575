"""SPY's bars: from the sources of all bars, through the same validation, beside the universe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.calendar import next_session_after
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.domain.reference import Family, FamilyReport
from alpha_oracle.errors import AlphaOracleError, StoreUnavailable
from alpha_oracle.marketdata.backfill import backfill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.market import Session
    from alpha_oracle.marketdata.backfill import BackfillStep
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.bars import BarSource, BarStore
    from alpha_oracle.ports.clock import Clock


def refresh_benchmark(
    sources: Sequence[BarSource],
    stores: MarketStores,
    *,
    through: Session,
    bounds: ValidationBounds,
    clock: Clock,
) -> FamilyReport:
    """Fetch and store SPY's bars after the newest stored, from the first bar of all where none is.

    Raises:
        StoreUnavailable: a store is away; repeat it.
    """
    names = " and ".join(source.name for source in sources)
    start = _start(stores.bars, through=through)
    if start is None or start > through:
        return FamilyReport(family=Family.BENCHMARK, source=names)
    try:
        steps = list(
            backfill(
                sources,
                stores,
                start=start,
                end=through,
                bounds=bounds,
                clock=clock,
                benchmark=True,
            )
        )
    except StoreUnavailable:
        raise
    except AlphaOracleError as error:
        return FamilyReport(family=Family.BENCHMARK, source=names, asked=1, ended_by=str(error))
    return _report(names, steps)


def _start(bars: BarStore, *, through: Session) -> Session | None:
    stored = bars.last_bars_before(next_session_after(through), [BENCHMARK]).bars
    if len(stored):
        last: Session = stored.session[-1].item()
        return next_session_after(last)
    span = bars.span()
    return None if span is None else span[0]


def _report(names: str, steps: Sequence[BackfillStep]) -> FamilyReport:
    stored = sum(step.stored for step in steps)
    absent = [absence for step in steps for absence in step.absent if not stored]
    if not stored and not absent:
        absent = [
            Absence(
                symbol=BENCHMARK,
                source=names,
                kind=AbsenceKind.NO_DATA,
                reason="it has no bar of it in the range",
            )
        ]
    return FamilyReport(
        family=Family.BENCHMARK,
        source=names,
        asked=1,
        answered=1 if stored else 0,
        stored=stored,
        refused=sum(step.quarantined for step in steps),
        absent=tuple(absent),
    )
