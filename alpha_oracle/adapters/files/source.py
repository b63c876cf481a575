"""The `files` source: a session's bars from a file or folder of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.adapters.files.reader import SOURCE, ReadBars, bar_files, read_bars
from alpha_oracle.adapters.files.values import parse_dates
from alpha_oracle.domain.requests import RequestPlan
from alpha_oracle.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.bars import BarColumns, ReceivedBars, UnreadableRow
    from alpha_oracle.domain.market import PriceBasis, Session, Symbol

_Stamp = tuple[tuple[Path, int, int], ...]

# Large files take seconds to read and a run asks for them batch by batch, from several threads.
_READ: Final[dict[tuple[_Stamp, PriceBasis], ReadBars]] = {}
_READ_LOCK: Final = Lock()
_KEPT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesBarSource:
    """Bars from `path`, read once a process for as long as the files do not change."""

    path: Path | None
    prices: PriceBasis

    @property
    def name(self) -> str:
        """The name its bars carry."""
        return SOURCE

    @property
    def basis(self) -> PriceBasis:
        """What the files' prices are."""
        return self.prices

    def plan(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> RequestPlan:  # noqa: ARG002 - nothing is metered here.
        """Return a plan of no requests."""
        return RequestPlan(source=self.name, symbols=len(symbols), requests=0)

    def symbols(self, session: Session) -> tuple[Symbol, ...]:
        """Return the symbols with a row on a session, ascending."""
        bars = self._read().received.bars
        there = bars.symbol_index[bars.session == np.datetime64(session, "D")]
        return tuple(bars.symbols[code] for code in np.unique(there).tolist())

    def fetch(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> ReceivedBars:
        """Return the bars of `symbols` from `start` to `end`, both included, as they stand there.

        Rows nobody could read come along where their date is in the range and their symbol is
        asked for or is no ticker; so do the corporate actions going ex in the range.

        Raises:
            ConfigurationError: no path is set.
            DataError: a file cannot be read.
        """
        received = self._read().received
        wanted = frozenset(symbols)
        return replace(
            received,
            bars=received.bars.take(_rows(received.bars, wanted, start=start, end=end)),
            unreadable=_of_interest(received, wanted, start=start, end=end),
            actions=tuple(
                action
                for action in received.actions
                if action.symbol in wanted and start <= action.ex_date <= end
            ),
        )

    def everything(self, *, before: Session | None = None) -> ReceivedBars:
        """Return all bars there are (before a session, where given) with their actions.

        Raises:
            ConfigurationError: no path is set.
            DataError: a file cannot be read.
        """
        received = self._read().received
        if before is None:
            return received
        return replace(
            received,
            bars=received.bars.take(received.bars.session < np.datetime64(before, "D")),
            actions=tuple(action for action in received.actions if action.ex_date < before),
        )

    def _read(self) -> ReadBars:
        if self.path is None:
            raise ConfigurationError(
                "data.source is files, but data.files.path is not set; set it to a file or folder "
                "of bars (ALPHA_ORACLE_DATA__FILES__PATH)"
            )
        key = (_stamp(self.path), self.prices)
        with _READ_LOCK:
            if key not in _READ:
                while len(_READ) >= _KEPT:
                    del _READ[next(iter(_READ))]
                _READ[key] = read_bars(self.path, prices=self.prices)
            return _READ[key]


def _stamp(path: Path) -> _Stamp:
    try:
        stats = [(file.resolve(), file.stat()) for file in bar_files(path)]
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; set data.files.path to bars") from None
    return tuple((file, stat.st_mtime_ns, stat.st_size) for file, stat in stats)


def _rows(
    bars: BarColumns, wanted: frozenset[Symbol], *, start: Session, end: Session
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    codes = [code for code, symbol in enumerate(bars.symbols) if symbol in wanted]
    firsts = np.searchsorted(bars.symbol_index, codes, side="left")
    lasts = np.searchsorted(bars.symbol_index, codes, side="right")
    ranges = [np.empty(0, dtype=np.intp)]
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        sessions = bars.session[first:last]
        low = np.searchsorted(sessions, np.datetime64(start, "D"), side="left")
        high = np.searchsorted(sessions, np.datetime64(end, "D"), side="right")
        ranges.append(np.arange(first + low, first + high, dtype=np.intp))
    return np.concatenate(ranges)


def _of_interest(
    received: ReceivedBars, wanted: frozenset[Symbol], *, start: Session, end: Session
) -> tuple[UnreadableRow, ...]:
    known = frozenset(received.bars.symbols)
    found = []
    for row in received.unreadable:
        day = parse_dates([row.session], path=SOURCE)[0] if "/" not in row.session else None
        if day and start <= day <= end and (row.symbol in wanted or row.symbol not in known):
            found.append(row)
    return tuple(found)
