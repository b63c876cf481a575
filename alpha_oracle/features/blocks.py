"""A block of symbols: what each kind of formula makes of their fields, session by session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from alpha_oracle.features.asof import Entries
from alpha_oracle.features.formula import INSIDER_TRADES, SOURCE_OF, Formula, Kind, Source
from alpha_oracle.features.own_bars import OwnBars
from alpha_oracle.features.packing import keep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.context import InsiderTrades, KnownValues
    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.features.whole import Whole

    Argument: TypeAlias = Block | InsiderTrades
    Values: TypeAlias = NDArray[np.float64]


KIND_OF_FIELD: Final[Mapping[Source, Kind]] = {
    Source.BARS: Kind.BARS,
    Source.MARKET: Kind.MARKET,
    Source.REPORTS: Kind.REPORTS,
    Source.SHORT_INTEREST: Kind.REPORTS,
}


class SymbolBlock:
    """Some neighbouring symbols of a panel, and what was computed of them.

    Only the last sessions from row `start` on are wanted.
    """

    def __init__(
        self,
        panel: MarketPanel,
        columns: slice,
        *,
        whole: Whole,
        start: int,
    ) -> None:
        self._panel = panel
        self._columns = columns
        self._whole = whole
        self._start = start
        self._has_bar = whole.finite("close")[:, columns]
        self._fields: dict[str, Block] = {}
        self._own_bars = OwnBars(self._field, whole.validity, columns)
        self._entries: dict[int, Entries] = {}
        self._known: dict[tuple[str, int], Argument] = {}

    def write(self, formula: Formula, kind: Kind, out: NDArray[Any]) -> None:
        """Write a formula's values to the block's columns of `out`; NaN where there is no bar."""
        ways: dict[Kind, Callable[[Formula, NDArray[Any]], None]] = {
            Kind.BARS: self._write_bars,
            Kind.MARKET: self._write_market,
            Kind.REPORTS: self._write_reports,
            Kind.SESSIONS: self._write_sessions,
        }
        ways[kind](formula, out)

    def _field(self, name: str) -> Block:
        if name not in self._fields:
            self._fields[name] = self._field_anew(name)
        return self._fields[name]

    def _field_anew(self, name: str) -> Block:
        if SOURCE_OF[name] is Source.MARKET:
            return self._beside_every_symbol(self._whole.market(name))
        field = self._whole.bars(name)[:, self._columns]
        # Whoever needs all of it is quicker in a copy; of the last sessions little is read.
        return field.copy() if self._start == 0 else field

    def _beside_every_symbol(self, market: Values) -> Block:
        return np.repeat(market[:, None], self._has_bar.shape[1], axis=1)

    def _write_bars(self, formula: Formula, out: NDArray[Any]) -> None:
        self._own_bars.write(formula, out, first=self._columns.start)

    def _write_market(self, formula: Formula, out: NDArray[Any]) -> None:
        block = self._beside_every_symbol(self._whole.market(formula)[self._start :])
        keep(block, self._has_bar, out, self._columns.start)

    def _write_reports(self, formula: Formula, out: NDArray[Any]) -> None:
        table = self._whole.table(formula)
        if table is None:
            out[:, self._columns] = np.nan
            return
        values = self._whole.stored_entries(formula, table)
        self._of(table).carry(values, out, has_bar=self._has_bar, first=self._columns.start)

    def _write_sessions(self, formula: Formula, out: NDArray[Any]) -> None:
        start = self._start
        if INSIDER_TRADES in formula.fields():
            if self._panel.context.insiders is None:
                out[:, self._columns] = np.nan
                return
            # Trades count in windows that reach back, and are cut at their multiples as those of
            # bars; all else of a session is its own.
            window = formula.lookback_sessions or start + 1
            start = max(0, start - window) // window * window
        block = np.ascontiguousarray(self._aligned(formula, start))
        keep(block, self._has_bar, out, self._columns.start)

    def _aligned(self, of: str | Formula, start: int) -> Argument:
        name = of if isinstance(of, str) else of.name
        if (name, start) not in self._known:
            self._known[name, start] = self._aligned_anew(of, start)
        return self._known[name, start]

    def _aligned_anew(self, of: str | Formula, start: int) -> Argument:
        if isinstance(of, Formula) and of.kind is Kind.SESSIONS:
            arguments = (self._aligned(parameter, start) for parameter in of.parameters)
            answer: Block = of.function(*arguments)
            return answer
        kind = of.kind if isinstance(of, Formula) else KIND_OF_FIELD.get(SOURCE_OF[of])
        if kind is Kind.REPORTS:
            return self._newest(of, start)
        if kind is Kind.MARKET:
            return self._beside_every_symbol(self._whole.market(of)[start:])
        return self._of_bars(of, start)

    def _of_bars(self, of: str | Formula, start: int) -> Argument:
        if isinstance(of, Formula):
            out = np.empty(self._has_bar[start:].shape)
            self._own_bars.write(of, out)
            return out
        trades = self._whole.trades(start) if of == INSIDER_TRADES else None
        if trades is not None:
            return trades.of(self._columns)
        return np.ascontiguousarray(self._field(of)[start:])

    def _newest(self, of: str | Formula, start: int) -> Block:
        out = np.full(self._has_bar[start:].shape, np.nan)
        table = self._whole.table(of)
        if table is not None:
            values = self._whole.entries(of, table)
            self._of(table).carry(values, out, has_bar=self._has_bar)
        return out

    def _of(self, table: KnownValues) -> Entries:
        if id(table) not in self._entries:
            self._entries[id(table)] = Entries.of(table, self._columns)
        return self._entries[id(table)]
