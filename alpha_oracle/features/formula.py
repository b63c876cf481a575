"""A formula: a pure function whose parameters name panel fields or other formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PANEL_FIELDS: Final = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "traded_open",
    "traded_close",
    "split",
    "dividend",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Formula:
    """A function and where each of its parameters comes from, in their order."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[str | Formula, ...]

    def fields(self) -> frozenset[str]:
        """The panel fields it reads, directly or through other formulas."""
        return frozenset(
            name
            for parameter in self.parameters
            for name in ({parameter} if isinstance(parameter, str) else parameter.fields())
        )

    def functions(self) -> Iterator[Callable[..., Any]]:
        """Its function and those of the formulas it stands on."""
        yield self.function
        for parameter in self.parameters:
            if isinstance(parameter, Formula):
                yield from parameter.functions()
