"""What decides, for each kind of formula, what its function sees and where its answer goes."""

from __future__ import annotations

from inspect import unwrap
from types import FunctionType
from typing import TYPE_CHECKING, Final, TypeAlias

from alpha_oracle.features import asof, packing
from alpha_oracle.features.blocks import SymbolBlock
from alpha_oracle.features.formula import Kind
from alpha_oracle.features.own_bars import OwnBars
from alpha_oracle.features.standings import Standings
from alpha_oracle.features.validity import Validity
from alpha_oracle.features.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Steps: TypeAlias = tuple[Callable[..., object], ...]


def _methods(of: type) -> tuple[FunctionType, ...]:
    steps = (getattr(step, "__func__", step) for step in vars(of).values())
    written = (step for step in steps if isinstance(step, FunctionType))
    # What `dataclass` made up has no source of its own.
    return tuple(step for step in written if not unwrap(step).__code__.co_filename.startswith("<"))


_BARS: Final[Steps] = (
    *_methods(OwnBars),
    *_methods(Validity),
    packing.pack,
    packing.unpack,
    packing.pack_last,
    packing.unpack_last,
)
_REPORTS: Final[Steps] = (*_methods(Whole), *_methods(asof.Entries), packing.within_float32)
_BLOCK: Final[Steps] = (*_methods(SymbolBlock), packing.keep)

STEPS: Final[Mapping[Kind, Steps]] = {
    Kind.BARS: _BARS,
    Kind.MARKET: (*_BARS, *_methods(Whole)),
    Kind.REPORTS: _REPORTS,
    Kind.SESSIONS: (*_BLOCK, *_BARS, *_REPORTS),
    Kind.CROSS_SECTION: (*_methods(Standings), packing.keep),
}


def of(kind: Kind) -> Steps:
    """Return the functions that stand between a kind of formula and the panel."""
    return STEPS[kind]
