"""A bar store in memory, held to the same suite as the one on Postgres."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.bars import BarColumns, StoredBars, StoreReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import BarBatch, ReceivedBars
    from alpha_oracle.domain.market import Session, Symbol

FIELDS = ("open", "high", "low", "close", "volume")


class Version(NamedTuple):
    known_at: datetime
    values: tuple[float, ...]
    batch: BarBatch


class InMemoryBarStore:
    """Implements `BarStore`; `versions` holds all that was ever known of a bar, oldest first."""

    def __init__(self) -> None:
        self.versions: dict[tuple[Symbol, Session], list[Version]] = {}

    def store(self, received: ReceivedBars, *, received_at: datetime) -> StoreReport:
        inserted = corrected = 0
        for key, values in rows_of(received.bars):
            versions = self.versions.setdefault(key, [])
            if not versions:
                known_at = calendar.session_close(key[1])
                versions.append(Version(known_at, values, received.batch))
                inserted += 1
            elif (versions[-1].values, versions[-1].batch.basis) != (values, received.batch.basis):
                versions.append(Version(received_at, values, received.batch))
                corrected += 1
        unchanged = len(received.bars) - inserted - corrected
        return StoreReport(inserted=inserted, unchanged=unchanged, corrected=corrected)

    def load(
        self,
        *,
        start: Session,
        end: Session,
        as_of: datetime,
        symbols: Sequence[Symbol] | None = None,
    ) -> StoredBars:
        return stored(
            (key, [version for version in versions if version.known_at <= as_of][-1])
            for key, versions in self.versions.items()
            if start <= key[1] <= end
            and versions[0].known_at <= as_of
            and (symbols is None or key[0] in symbols)
        )

    def symbols_stored(
        self, *, start: Session, end: Session, source: str | None = None
    ) -> dict[Session, frozenset[Symbol]]:
        found: dict[Session, set[Symbol]] = {}
        for (symbol, session), versions in self.versions.items():
            sources = {version.batch.source for version in versions}
            if start <= session <= end and (source is None or source in sources):
                found.setdefault(session, set()).add(symbol)
        return {session: frozenset(found[session]) for session in found}

    def last_bars_before(self, session: Session, symbols: Sequence[Symbol]) -> StoredBars:
        last = {key[0]: key for key in sorted(self.versions) if key[1] < session}
        keys = [last[symbol] for symbol in symbols if symbol in last]
        return stored((key, self.versions[key][-1]) for key in keys)

    def span(self) -> tuple[Session, Session] | None:
        sessions = [session for _, session in self.versions]
        return (min(sessions), max(sessions)) if sessions else None


def rows_of(bars: BarColumns) -> Iterable[tuple[tuple[Symbol, Session], tuple[float, ...]]]:
    for row in range(len(bars)):
        session = bars.session[row].astype("datetime64[D]").item()
        values = tuple(float(getattr(bars, name)[row]) for name in FIELDS)
        yield (bars.symbols[bars.symbol_index[row]], session), values


def stored(rows: Iterable[tuple[tuple[Symbol, Session], Version]]) -> StoredBars:
    ordered = sorted(rows)
    symbols = tuple(sorted({symbol for (symbol, _), _ in ordered}))
    batches = tuple(dict.fromkeys(version.batch for _, version in ordered))
    values = np.array([version.values for _, version in ordered], np.float64).reshape(-1, 5)
    bars = BarColumns(
        symbols=symbols,
        symbol_index=np.array([symbols.index(symbol) for (symbol, _), _ in ordered], np.int32),
        session=np.array([session for (_, session), _ in ordered], "datetime64[D]"),
        **{name: values[:, number].copy() for number, name in enumerate(FIELDS)},
    )
    index = np.array([batches.index(version.batch) for _, version in ordered], np.int32)
    return StoredBars(bars=bars, batch_index=index, batches=batches)
