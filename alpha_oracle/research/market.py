"""The market as it was known at an instant, from the stores; a process keeps the last one."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.levels import VIX
from alpha_oracle.domain.market import BENCHMARK, Symbol
from alpha_oracle.domain.reference import Family
from alpha_oracle.domain.runs import FamilyCoverage, FeatureReport
from alpha_oracle.errors import DataError
from alpha_oracle.features import registry
from alpha_oracle.features.adjustment import build_panel
from alpha_oracle.features.assembly import build_context
from alpha_oracle.features.declaration import FeatureGroup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import StoredBars
    from alpha_oracle.domain.market import CorporateAction, Session
    from alpha_oracle.features.context import MarketContext
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.store import FeatureStore
    from alpha_oracle.ports.bars import BarStore
    from alpha_oracle.ports.reference import ReferenceStore
    from alpha_oracle.ports.reference_stores import ReferenceStores


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRecord:
    """The stores a market is read from: bars, what is known of symbols, and the families beside."""

    bars: BarStore
    reference: ReferenceStore
    families: ReferenceStores


def load_market(record: MarketRecord, *, session: Session, as_of: datetime) -> MarketPanel:
    """Return every stored session up to `session`, with what was known beside, as of `as_of`.

    SPY is no symbol of it, unless the index lists it or nothing else is stored: its total return
    is in the context.

    Raises:
        DataError: no bar is stored up to the session, or none was known at `as_of`.
    """
    span = record.bars.span()
    if span is None or span[0] > session:
        raise DataError(f"no bars are stored up to {session}; import or backfill them first")
    start = span[0]
    # The stores answer both at once, and what is read first is laid out while the other is read.
    with ThreadPoolExecutor(max_workers=1) as beside:
        families = beside.submit(_read_families, record, start=start, end=session, as_of=as_of)
        panel, spy, actions = _read_bars(record, start=start, end=session, as_of=as_of)
        known = families.result()
    first_bar = np.argmax(np.isfinite(panel.traded_close), axis=0)
    context = known(
        sessions=panel.sessions,
        symbols=panel.symbols,
        first_bar=first_bar,
        spy=spy,
        actions=actions,
    )
    return replace(panel, context=context)


def _read_bars(
    record: MarketRecord, *, start: Session, end: Session, as_of: datetime
) -> tuple[MarketPanel, NDArray[np.float64] | None, Sequence[CorporateAction]]:
    """The panel, SPY's total return, and the actions known."""
    stored = record.bars.load(start=start, end=end, as_of=as_of)
    if not len(stored.bars):
        raise DataError(
            f"no bar up to {end} was known at {as_of.isoformat()}; ask as of a later instant"
        )
    members = record.reference.memberships(as_of=as_of)
    actions = record.reference.actions(as_of=as_of)
    build = partial(
        build_panel,
        sessions=calendar.sessions_between(start, end),
        actions_known=actions,
        actions_all=record.reference.actions(),
        members=members,
    )
    benchmark = benchmark_rows(stored)
    is_traded = bool(benchmark.all()) or any(stay.symbol == BENCHMARK for stay in members)
    panel = build(stored if is_traded or not benchmark.any() else rows_of(stored, ~benchmark))
    spy = build(rows_of(stored, benchmark)).close[:, 0] if benchmark.any() else None
    return panel, spy, actions


def benchmark_rows(stored: StoredBars) -> NDArray[np.bool_]:
    """Return which bars are SPY's."""
    symbols = stored.bars.symbols
    place = bisect_left(symbols, BENCHMARK)
    if place == len(symbols) or symbols[place] != BENCHMARK:
        return np.zeros(len(stored.bars), dtype=np.bool_)
    return np.equal(stored.bars.symbol_index, place)


def rows_of(stored: StoredBars, kept: NDArray[np.bool_]) -> StoredBars:
    """Return some of the bars, with no symbol left that has none."""
    bars = stored.bars.take(kept)
    there, codes = np.unique(bars.symbol_index, return_inverse=True)
    named = tuple(stored.bars.symbols[place] for place in there.tolist())
    return replace(
        stored,
        bars=replace(bars, symbols=named, symbol_index=codes.astype(np.int32)),
        batch_index=stored.batch_index[kept],
    )


def _read_families(
    record: MarketRecord, *, start: Session, end: Session, as_of: datetime
) -> partial[MarketContext]:
    """What makes a context of the panel's own."""
    families = record.families
    return partial(
        build_context,
        facts=families.facts.load(as_of=as_of),
        filings=families.insiders.load(as_of=as_of),
        covered={
            Symbol(subject): day for subject, day in families.log.coverage(Family.INSIDERS).items()
        },
        positions=families.short_interest.load(as_of=as_of),
        vix=families.levels.load(VIX, start=start, end=end, as_of=as_of),
        sectors=record.reference.sector_assignments(as_of=as_of),
    )


def feature_report(market: MarketPanel, features: FeatureStore) -> FeatureReport:
    """Compute and cache every registered feature; say how much of the last session is known."""
    values = features.compute(market, [feature.name for feature in registry.all()])
    listed = np.isfinite(market.traded_close[-1])
    known_pct: dict[FeatureGroup, list[float]] = defaultdict(list)
    for feature in registry.all():
        known = np.isfinite(values[feature.name][-1][listed]).sum()
        known_pct[feature.group].append(100.0 * float(known) / max(int(listed.sum()), 1))
    return FeatureReport(
        features=len(values),
        sessions=len(market.sessions),
        symbols=len(market.symbols),
        families=tuple(
            FamilyCoverage(
                group=group.value,
                features=len(known_pct[group]),
                known_pct=float(np.mean(known_pct[group])),
            )
            for group in FeatureGroup
        ),
        cache_bytes=features.size_bytes(),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureRows:
    """Features in long form: one row a session and symbol with a bar, by session then symbol."""

    sessions: NDArray[np.datetime64]
    symbols: tuple[Symbol, ...]
    values: Mapping[str, NDArray[np.float32]]


def feature_rows(market: MarketPanel, features: FeatureStore, *, start: Session) -> FeatureRows:
    """Return every registered feature from session `start` to the market's last."""
    values = features.compute(market, [feature.name for feature in registry.all()], first=start)
    first = int(np.searchsorted(market.sessions, np.datetime64(start, "D")))
    sessions, symbols = np.nonzero(np.isfinite(market.traded_close[first:]))
    return FeatureRows(
        sessions=market.sessions[first:][sessions],
        symbols=tuple(market.symbols[symbol] for symbol in symbols.tolist()),
        values={name: matrix[sessions, symbols] for name, matrix in values.items()},
    )


class MarketMemory:
    """The last market loaded, so that the steps of one run read the stores once."""

    def __init__(self, record: MarketRecord) -> None:
        self._record = record
        self._guard = threading.Lock()
        self._run: str | None = None
        self._key: tuple[Session, datetime] | None = None
        self._panel: MarketPanel | None = None

    def market(self, session: Session, *, as_of: datetime) -> MarketPanel:
        """Return the market up to a session as known at an instant.

        Raises:
            DataError: no bar is stored up to the session.
        """
        with self._guard:
            if self._panel is None or self._key != (session, as_of):
                self._panel = load_market(self._record, session=session, as_of=as_of)
                self._key = (session, as_of)
            return self._panel

    def begin(self, run: str | None) -> None:
        """Read the stores again when asked next, unless it was this run that last began.

        Steps of one run may be spread over processes that outlive it: each says which run it is
        of. None stands for a run nobody else belongs to.
        """
        with self._guard:
            if run is None or run != self._run:
                self._panel = None
                self._run = run
