"""What is computed once for all symbols: where bars are, formulas of the market and of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alpha_oracle.features.formula import SOURCE_OF, Formula, Source
from alpha_oracle.features.kernels import kernel
from alpha_oracle.features.own_bars import OwnBars
from alpha_oracle.features.packing import within_float32
from alpha_oracle.features.validity import Validity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.features.context import InsiderTrades, KnownValues
    from alpha_oracle.features.kernels import Block
    from alpha_oracle.features.panel import MarketPanel

    Mask: TypeAlias = NDArray[np.bool_]
    Values: TypeAlias = NDArray[np.float64]


class Whole:
    """A panel's bars, trades, market and reports; formulas that read one of the latter two alone.

    `validity` says where bars have which fields of the panel and of the market.
    Threads may share it: what two compute at once is the same.
    """

    def __init__(self, panel: MarketPanel) -> None:
        context = panel.context
        self._panel = panel
        self._sessions = len(panel.sessions)
        unknown = np.full(self._sessions, np.nan)
        self._market = {
            "vix": unknown if context.vix is None else context.vix,
            "spy": unknown if context.spy is None else context.spy,
        }
        self._tables = {
            Source.REPORTS: context.reports,
            Source.SHORT_INTEREST: context.short_interest,
        }
        self.validity = Validity(self.finite)
        self._bars: dict[str, Values] = {}
        self._finite: dict[str, Mask] = {}
        self._known: dict[str, Values] = {}
        self._stored: dict[str, Values] = {}
        self._trades: dict[int, InsiderTrades] = {}

    def bars(self, name: str) -> Values:
        """Return a field of bars, `sessions x symbols`."""
        if name not in self._bars:
            self._bars[name] = (
                _running_product(self._panel.split)
                if name == "split_factor"
                else getattr(self._panel, name)
            )
        return self._bars[name]

    def finite(self, name: str) -> Mask:
        """Return where a field of bars or of the market is known, `sessions x symbols`."""
        if name not in self._finite:
            of_market = SOURCE_OF[name] is Source.MARKET
            known = np.isfinite(self._market[name][:, None] if of_market else self.bars(name))
            self._finite[name] = np.broadcast_to(known, self._panel.close.shape)
        return self._finite[name]

    def market(self, of: str | Formula) -> Values:
        """Return a market field, or a formula of such, one value a session."""
        if isinstance(of, str):
            return self._market[of]
        if of.name not in self._known:
            out = np.empty((self._sessions, 1))
            column = {name: self._market[name][:, None] for name in of.fields()}
            validity = Validity(lambda name: np.isfinite(column[name]))
            OwnBars(column.__getitem__, validity).write(of, out)
            self._known[of.name] = out[:, 0]
        return self._known[of.name]

    def trades(self, first: int) -> InsiderTrades | None:
        """Return insiders' trades of session row `first` and after, as `since` has them."""
        if self._panel.context.insiders is None:
            return None
        if first not in self._trades:
            self._trades[first] = self._panel.context.insiders.since(first)
        return self._trades[first]

    def table(self, of: str | Formula) -> KnownValues | None:
        """Return the reports that a field of them, or a formula of such, reads; None: no data."""
        name = of if isinstance(of, str) else next(iter(of.fields()))
        return self._tables[SOURCE_OF[name]]

    def entries(self, of: str | Formula, table: KnownValues) -> Values:
        """Return a field of reports, or a formula of such, one value an entry of the table."""
        if isinstance(of, str):
            return table.values[of]
        if of.name not in self._known:
            arguments = (self.entries(parameter, table) for parameter in of.parameters)
            self._known[of.name] = of.function(*arguments)
        return self._known[of.name]

    def stored_entries(self, of: Formula, table: KnownValues) -> Values:
        """Return a formula of reports as `entries` does; NaN for what float32 does not hold."""
        if of.name not in self._stored:
            self._stored[of.name] = within_float32(self.entries(of, table))
        return self._stored[of.name]


@kernel
def _running_product(values: Block) -> Block:
    # What `cumprod` comes to, a row at a time as the rows lie.
    out = np.empty(values.shape)
    out[:1] = values[:1]
    for row in range(1, len(values)):
        for column in range(values.shape[1]):
            out[row, column] = out[row - 1, column] * values[row, column]
    return out
