"""How a feature is declared: a decorator on a pure function of named panel fields."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features import engine
from alpha_oracle.features.formula import SOURCE_OF, STANDING_FIELDS, Formula, Kind
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

    `inputs` are the fields and features it reads, `lookback_sessions` the bars (of the market: the
    sessions) until its first value, `definition_hash` what changes when its formula does.
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
    *, group: str, inputs: tuple[str, ...], lookback_sessions: int, stretch: int | None = None
) -> Callable[[Function], Function]:
    """Register the decorated function as a feature of its own name.

    Its parameters name fields, `shared` computations, or features declared before it. What they
    are says what arrives (`formula.Kind`), and the result has the same shape:

    - bar fields, market fields beside them: `bars x symbols` float64 without gaps (row i is a
      symbol's i-th bar); market fields alone: the same of one column;
    - fields of one kind of report: float64, one value a report, carried forward by the engine;
    - these together, or `insider_trades`: `sessions x symbols` float64 with gaps, NaN where
      nothing is known. Rows stand each for itself and may be the last ones only; with
      `insider_trades` they are all there. A shared computation of bars alone, or of reports
      alone, is computed as such and laid out on the sessions;
    - features, with `is_member` and `sector`: `sessions x symbols`, float32, each row by itself.

    Rows are never to look further down. What is not finite is stored as NaN.

    A feature of bars that looks back no further than `lookback_sessions` of them tells by
    `stretch` at which bars its windows begin, as kernels cut them: every 20th for a mean of 20,
    each (1) where it has none. Then its last bars are computed of those it needs alone. Features
    of `insider_trades` look back no further than `lookback_sessions` sessions.

    Raises:
        ConfigurationError: the declaration contradicts the function.
    """

    def register(function: Function) -> Function:
        declared = declare(
            function,
            group=group,
            inputs=inputs,
            lookback_sessions=lookback_sessions,
            stretch=stretch,
        )
        _refuse_taken(declared.name, f"feature {declared.name}")
        DECLARED[declared.name] = declared
        return function

    return register


def shared(function: Function) -> Function:
    """Let features name the decorated function as a parameter; it runs once for all of them."""
    name = function.__name__
    _refuse_taken(name, f"shared computation {name}")
    _SHARED[name] = _formula(function)
    return function


def declare(
    function: Callable[..., Any],
    *,
    group: str,
    inputs: tuple[str, ...],
    lookback_sessions: int,
    stretch: int | None = None,
) -> Feature:
    """Return the feature a function declares, without registering it."""
    formula = replace(_formula(function), lookback_sessions=lookback_sessions, stretch=stretch)
    description = (inspect.getdoc(function) or "").partition("\n")[0]
    if formula.inputs() != set(inputs):
        raise ConfigurationError(
            f"feature {formula.name} declares inputs {sorted(inputs)} but reads "
            f"{sorted(formula.inputs())}; make them agree"
        )
    if not description or lookback_sessions < 1:
        raise ConfigurationError(f"feature {formula.name} needs a docstring and a lookback")
    return Feature(
        name=formula.name,
        group=FeatureGroup(group),
        inputs=inputs,
        lookback_sessions=lookback_sessions,
        description=description,
        definition_hash=definition_hash(formula),
        formula=formula,
    )


def _refuse_taken(name: str, what: str) -> None:
    if name in SOURCE_OF or name in _SHARED or name in DECLARED:
        raise ConfigurationError(f"{what} is declared twice; rename one")


def _formula(function: Callable[..., Any]) -> Formula:
    names = tuple(inspect.signature(function).parameters)
    features = {name: DECLARED[name].formula for name in names if name in DECLARED}
    known = features | _SHARED
    unknown = [name for name in names if name not in SOURCE_OF and name not in known]
    if unknown:
        raise ConfigurationError(
            f"{function.__name__} asks for {unknown}, which is neither a panel field "
            f"({', '.join(SOURCE_OF)}) nor a shared computation or feature declared before it"
        )
    formula = Formula(
        name=function.__name__,
        function=function,
        parameters=tuple(known.get(name, name) for name in names),
        features=tuple(features.values()),
    )
    if formula.kind is Kind.CROSS_SECTION:
        _refuse_fields_among_features(formula)
    return formula


def _refuse_fields_among_features(formula: Formula) -> None:
    others = sorted(formula.inputs() - {feature.name for feature in formula.features})
    others = [name for name in others if name not in STANDING_FIELDS]
    if others:
        raise ConfigurationError(
            f"{formula.name} reads features or standings together with {others}; "
            "declare what it makes of those as a feature of its own"
        )
