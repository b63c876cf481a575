"""Held bars on their way back: explained by a corporate action, or released by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import DataError
from alpha_oracle.marketdata.held import earlier_bars, is_whole, read_back
from alpha_oracle.marketdata.known import validation_context
from alpha_oracle.marketdata.overlap import judge_overlap
from alpha_oracle.marketdata.validation.suite import JUMP, OVERLAP
from alpha_oracle.marketdata.validation.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import QuarantinedBar, ReceivedBars
    from alpha_oracle.domain.market import Session
    from alpha_oracle.marketdata.held import ReadBack
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds

RELEASED: Final = "released"
EXPLAINED: Final = "explained"
SUPERSEDED: Final = "another version of this bar was stored"

_UNTIMELY: Final = frozenset({"session_exists", "not_in_future"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revalidated:
    """How many held jumps were judged again: those stored now, and those still held."""

    explained: int
    still_held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """How many bars were released by hand, and what that made of the held jumps behind them."""

    released: int
    revalidated: Revalidated


def revalidate_held(
    stores: MarketStores,
    symbols: Sequence[Symbol],
    *,
    bounds: ValidationBounds,
    latest: Session,
    at: datetime,
    actor: str,
    reason: str,
) -> Revalidated:
    """Judge again the bars of `symbols` held for a jump or an overlap alone; store those accepted.

    Each is marked `explained`, after it is stored. Of several versions of a bar the one held last
    is judged; where it is stored, it settles the others. One whose symbol and session are stored
    otherwise stays held: which of the two is right, a person decides. One held for the bars that
    came before it stays held until these agree with what is stored.
    """
    if not symbols:
        return Revalidated(explained=0, still_held=0)
    held = [bar for bar in stores.quarantine.held(symbols=symbols) if _is_explainable(bar)]
    newest = _newest_versions(held)
    disputed = _disputed(newest, stores, bounds=bounds, at=at)
    explained = 0
    for load in read_back(bar for bar in newest if bar.quarantine_id not in disputed):
        accepted = _store_accepted(load, stores, bounds=bounds, latest=latest, at=at)
        if accepted:
            explained += _settle_other_versions(accepted, held, stores, actor=actor, at=at)
            explained += stores.quarantine.resolve(
                accepted, status=EXPLAINED, actor=actor, reason=reason, at=at
            )
    return Revalidated(explained=explained, still_held=len(held) - explained)


def release_quarantined(
    stores: MarketStores,
    *,
    quarantine_ids: Sequence[int] = (),
    symbol: Symbol | None = None,
    bounds: ValidationBounds,
    latest: Session,
    at: datetime,
    actor: str,
    reason: str,
) -> ReleaseReport:
    """Store held bars as they were received, on a person's word; audited.

    By id any whole bar of a closed session can be released; by `symbol` those held for a jump
    alone. Of several versions of a bar the one released (by `symbol`, the one held last) settles
    the others. Later jumps of the same symbols are then judged again from the new level.

    Raises:
        DataError: an id is not held, or its bar lacks a value, stands twice or came before its
            session closed; nothing is released.
    """
    chosen = _chosen(stores, quarantine_ids, symbol)
    for load in read_back(chosen):
        stores.bars.store(load.received, received_at=at)
    ids = [bar.quarantine_id for bar in chosen]
    symbols = sorted({Symbol(bar.symbol) for bar in chosen})
    jumps = _held_jumps(stores, symbols)
    _settle_other_versions(ids, [*chosen, *jumps], stores, actor=actor, at=at)
    released = stores.quarantine.resolve(ids, status=RELEASED, actor=actor, reason=reason, at=at)
    revalidated = revalidate_held(
        stores,
        symbols,
        bounds=bounds,
        latest=latest,
        at=at,
        actor=actor,
        reason=f"follows released bars: {reason}",
    )
    return ReleaseReport(released=released, revalidated=revalidated)


def _chosen(
    stores: MarketStores, quarantine_ids: Sequence[int], symbol: Symbol | None
) -> list[QuarantinedBar]:
    if symbol is not None:
        jumps = _held_jumps(stores, [symbol])
        if not jumps:
            raise DataError(f"no bar of {symbol} is held for a jump; see `quarantine list`")
        return _newest_versions(jumps)
    wanted = frozenset(quarantine_ids)
    found = [bar for bar in stores.quarantine.held() if bar.quarantine_id in wanted]
    absent = wanted - {bar.quarantine_id for bar in found}
    if absent:
        listed = ", ".join(map(str, sorted(absent)))
        raise DataError(f"not held: {listed}; see `quarantine list` for what is")
    _require_releasable(found)
    return found


def _require_releasable(bars: Iterable[QuarantinedBar]) -> None:
    seen: set[tuple[str, str]] = set()
    for bar in bars:
        named = f"{bar.quarantine_id} ({bar.symbol} {bar.session})"
        if not is_whole(bar):
            raise DataError(f"{named} cannot be released: {bar.detail}; import a mended bar")
        if not _UNTIMELY.isdisjoint(bar.expectations):
            raise DataError(f"{named} cannot be released: {bar.detail}")
        if (bar.symbol, bar.session) in seen:
            raise DataError(f"{named} stands twice among those to release; release one of them")
        seen.add((bar.symbol, bar.session))


def _is_explainable(bar: QuarantinedBar) -> bool:
    return bar.expectations in {(JUMP,), (OVERLAP,)}


def _disputed(
    bars: Iterable[QuarantinedBar], stores: MarketStores, *, bounds: ValidationBounds, at: datetime
) -> frozenset[int]:
    return frozenset(
        bar.quarantine_id
        for bar in bars
        if bar.expectations == (OVERLAP,)
        and not _agrees(earlier_bars(bar), stores, bounds=bounds, at=at)
    )


def _agrees(
    earlier: ReceivedBars, stores: MarketStores, *, bounds: ValidationBounds, at: datetime
) -> bool:
    bars = earlier.bars
    if not len(bars):
        return False
    stored = stores.bars.load(
        start=bars.session.min().item(),
        end=bars.session.max().item(),
        as_of=at,
        symbols=bars.symbols,
    )
    actions = stores.reference.actions(symbols=bars.symbols)
    found = judge_overlap(
        earlier, stored, actions, max_disagreement_pct=bounds.max_disagreement_pct
    )
    return bool(found.judged) and not found.splits and not found.conflicts


def _held_jumps(stores: MarketStores, symbols: Sequence[Symbol]) -> list[QuarantinedBar]:
    held = stores.quarantine.held(symbols=symbols)
    return [bar for bar in held if bar.expectations == (JUMP,)]


def _newest_versions(bars: Iterable[QuarantinedBar]) -> list[QuarantinedBar]:
    by_age = sorted(bars, key=lambda bar: (bar.quarantined_at, bar.quarantine_id))
    newest = {(bar.symbol, bar.session): bar for bar in by_age}
    return [newest[key] for key in sorted(newest)]


def _settle_other_versions(
    stored: Sequence[int],
    bars: Sequence[QuarantinedBar],
    stores: MarketStores,
    *,
    actor: str,
    at: datetime,
) -> int:
    # Before the stored ones themselves are resolved: killed in between, all are judged once more.
    ids = frozenset(stored)
    settled = {(bar.symbol, bar.session) for bar in bars if bar.quarantine_id in ids}
    others = [
        bar.quarantine_id
        for bar in bars
        if bar.quarantine_id not in ids and (bar.symbol, bar.session) in settled
    ]
    if not others:
        return 0
    return stores.quarantine.resolve(
        others, status=EXPLAINED, actor=actor, reason=SUPERSEDED, at=at
    )


def _store_accepted(
    load: ReadBack,
    stores: MarketStores,
    *,
    bounds: ValidationBounds,
    latest: Session,
    at: datetime,
) -> list[int]:
    context = validation_context(load.received, stores, bounds=bounds, latest=latest, at=at)
    judged = validate(load.received, context)
    rows = np.flatnonzero(judged.is_accepted & ~judged.is_correction)
    if len(rows):
        stores.bars.store(
            replace(load.received, bars=load.received.bars.take(rows)), received_at=at
        )
    return [load.quarantine_ids[row] for row in rows.tolist()]
