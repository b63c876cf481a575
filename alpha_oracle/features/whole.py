"""What is computed once for all symbols: formulas of the market and of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alpha_oracle.features.formula import SOURCE_OF, Formula, Source
from alpha_oracle.features.own_bars import OwnBars

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.features.context import KnownValues
    from alpha_oracle.features.panel import MarketPanel

    Values: TypeAlias = NDArray[np.float64]


class Whole:
    """A panel's market and reports, with the formulas that read one of them alone.

    Threads may share it: what two compute at once is the same.
    """

    def __init__(self, panel: MarketPanel) -> None:
        context = panel.context
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
        self._known: dict[str, Values] = {}

    def market(self, of: str | Formula) -> Values:
        """Return a market field, or a formula of such, one value a session."""
        if isinstance(of, str):
            return self._market[of]
        if of.name not in self._known:
            out = np.empty((self._sessions, 1))
            OwnBars(lambda name: self._market[name][:, None]).write(of, out)
            self._known[of.name] = out[:, 0]
        return self._known[of.name]

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
