"""How a feature is declared: a decorator on a pure function of named panel fields."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features import engine
from alpha_oracle.features.formula import PANEL_FIELDS, Formula
from alpha_oracle.features.sources import definition_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.features.panel import MarketPanel

Panel: TypeAlias = NDArray[np.float64]
"""One field or feature, `sessions x symbols`, both ascending."""

Function = TypeVar("Function", bound="Callable[..., Any]")


class FeatureGroup(StrEnum):
    """The family a feature belongs to."""

    TECHNICAL = "technical"
    FUNDAMENTAL = "fundamental"
    CROSS_ASSET = "cross_asset"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feature:
    """A declared feature.

    `inputs` are the panel fields it reads, `lookback_sessions` the bars until its first value,
    `definition_hash` what changes when its formula does.
    """

    name: str
    group: FeatureGroup
    inputs: tuple[str, ...]
    lookback_sessions: int
    description: str
    definition_hash: str
    formula: Formula

    def compute(self, panel: MarketPanel) -> Panel:
        """Return its values, `sessions x symbols`.

        NaN where a symbol has no bar, or not yet `lookback_sessions` of them. Windows and
        recursions run over each symbol's own bars, gaps left out.
        """
        return engine.compute({self.name: self.formula}, panel, dtype=np.float64)[self.name]


DECLARED: Final[dict[str, Feature]] = {}
_SHARED: Final[dict[str, Formula]] = {}


def feature(
    *, group: str, inputs: tuple[str, ...], lookback_sessions: int
) -> Callable[[Function], Function]:
    """Register the decorated function as a feature of its own name.

    Its parameters name panel fields or `shared` computations; each arrives as `bars x symbols`
    float64 without gaps (row i is a symbol's i-th bar), and the result has the same shape. Rows
    are never to look further down. What is not finite is stored as NaN.

    Raises:
        ConfigurationError: the declaration contradicts the function.
    """

    def register(function: Function) -> Function:
        declared = declare(
            function, group=group, inputs=inputs, lookback_sessions=lookback_sessions
        )
        if declared.name in DECLARED:
            raise ConfigurationError(f"feature {declared.name} is declared twice; rename one")
        DECLARED[declared.name] = declared
        return function

    return register


def shared(function: Function) -> Function:
    """Let features name the decorated function as a parameter; it runs once for all of them."""
    name = function.__name__
    if name in _SHARED or name in PANEL_FIELDS:
        raise ConfigurationError(f"shared computation {name} is declared twice; rename one")
    _SHARED[name] = _formula(function)
    return function


def declare(
    function: Callable[..., Any], *, group: str, inputs: tuple[str, ...], lookback_sessions: int
) -> Feature:
    """Return the feature a function declares, without registering it."""
    formula = _formula(function)
    description = (inspect.getdoc(function) or "").partition("\n")[0]
    if formula.fields() != set(inputs):
        raise ConfigurationError(
            f"feature {formula.name} declares inputs {sorted(inputs)} but reads "
            f"{sorted(formula.fields())}; make them agree"
        )
    if not description or lookback_sessions < 1:
        raise ConfigurationError(f"feature {formula.name} needs a docstring and a lookback")
    return Feature(
        name=formula.name,
        group=FeatureGroup(group),
        inputs=inputs,
        lookback_sessions=lookback_sessions,
        description=description,
        definition_hash=definition_hash(*formula.functions()),
        formula=formula,
    )


def _formula(function: Callable[..., Any]) -> Formula:
    names = tuple(inspect.signature(function).parameters)
    unknown = [name for name in names if name not in PANEL_FIELDS and name not in _SHARED]
    if unknown:
        raise ConfigurationError(
            f"{function.__name__} asks for {unknown}, which is neither a panel field "
            f"({', '.join(PANEL_FIELDS)}) nor a shared computation declared before it"
        )
    parameters = tuple(_SHARED.get(name, name) for name in names)
    return Formula(name=function.__name__, function=function, parameters=parameters)
