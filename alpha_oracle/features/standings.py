"""What ranks symbols among one another: features of a session, membership and sectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from alpha_oracle.features.packing import keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alpha_oracle.features.formula import Formula
    from alpha_oracle.features.panel import MarketPanel


class Standings:
    """A panel's sessions from row `start` on, each by itself.

    Features come from `known`, else from what was computed with them.
    """

    def __init__(
        self, panel: MarketPanel, *, start: int, known: Mapping[str, NDArray[np.float32]]
    ) -> None:
        sector = panel.context.sector
        self._known = known
        self._has_bar = np.isfinite(panel.close[start:])
        self._fields = {
            "is_member": panel.is_member[start:],
            "sector": (
                np.full(self._has_bar.shape, -1, np.int16) if sector is None else sector[start:]
            ),
        }

    def write(
        self,
        formula: Formula,
        rows: slice,
        *,
        values: Mapping[str, NDArray[Any]],
        out: NDArray[Any],
    ) -> None:
        """Write a formula's values of some sessions; NaN where there is no bar."""
        arguments = [
            self._fields[parameter][rows]
            if isinstance(parameter, str)
            else self._feature(parameter.name, values)[rows].astype(np.float32, copy=False)
            for parameter in formula.parameters
        ]
        keep(formula.function(*arguments), self._has_bar[rows], out[rows], 0)

    def _feature(self, name: str, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        return self._known[name] if name in self._known else values[name]
