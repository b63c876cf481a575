"""The parameters of a strategy: the plain fields of its dataclass, and how they are set."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from itertools import product
from math import inf, isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.base import require_holding_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from dataclasses import Field

    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.strategies.base import Strategy

S = TypeVar("S", bound="Strategy")

IDENTITY: Final = frozenset({"name", "features"})
HOLDING: Final = ("min_hold_days", "max_hold_days")
"""Not parameters of the rule; they may be set beside them."""

ACCEPTED: Final[Mapping[type[Parameter], type]] = {
    bool: bool,
    int: Integral,
    float: Real,
    str: str,
}
"""What a parameter of each type may be given as: numbers of numpy too."""


def parameters_of(strategy: Strategy) -> dict[str, Parameter]:
    """Return a strategy's parameters by name, in the order its class declares them.

    They are the fields that hold a number, a flag or a text; its name, its features and its
    holding bounds are none.
    """
    return {
        name: kind(getattr(strategy, name))
        for name, kind in _settable(strategy).items()
        if name not in HOLDING
    }


def settings_of(strategy: Strategy) -> dict[str, Parameter]:
    """Return what `with_parameters` needs to make the same strategy: parameters, holding bounds."""
    bounds = {name: int(getattr(strategy, name)) for name in HOLDING if name in _settable(strategy)}
    return parameters_of(strategy) | bounds


def with_parameters(strategy: S, /, **values: Parameter) -> S:
    """Return the strategy with other parameters; holding bounds may be set too.

    A float takes a whole number; an int takes nothing but one.

    Raises:
        ConfigurationError: a name is no parameter, a value is of another type or not finite, the
            holding bounds are not allowed, or the strategy itself refuses the values.
    """
    converted = {name: _converted(strategy, name, value=value) for name, value in values.items()}
    try:
        changed = replace(cast("Any", strategy), **converted) if converted else strategy
    except Exception as error:  # Whatever the checks of a user's own class raise.
        told = ", ".join(f"{name}={value!r}" for name, value in converted.items())
        raise ConfigurationError(f"{strategy.name} refuses {told}: {error}") from error
    require_holding_bounds(changed)
    return cast("S", changed)


def variants(strategy: S, grid: Mapping[str, Sequence[Parameter]]) -> tuple[S, ...]:
    """Return the strategy with every combination of a grid's values.

    Parameters vary in the order the strategy's class declares them, the last one fastest, each in
    the order its values are given; so the order of the grid itself does not matter. An empty grid
    gives the strategy alone.

    Raises:
        ConfigurationError: a parameter has no value or one twice, or `with_parameters` refuses a
            combination.
    """
    given = {name: _values(strategy, name, values=values) for name, values in grid.items()}
    names = [name for name in _settable(strategy) if name in given]
    return tuple(
        with_parameters(strategy, **dict(zip(names, values, strict=True)))
        for values in product(*(given[name] for name in names))
    )


def _values(strategy: Strategy, name: str, *, values: Sequence[object]) -> list[Parameter]:
    converted = [_converted(strategy, name, value=value) for value in values]
    if not converted or len(set(converted)) < len(converted):
        raise ConfigurationError(
            f"{strategy.name}: {name} has the values {converted!r}; give one or more, each once"
        )
    return converted


def _settable(strategy: Strategy) -> dict[str, type[Parameter]]:
    instance = cast("Any", strategy)
    declared = fields(instance) if is_dataclass(instance) else ()
    kinds = {
        field.name: _kind(field, getattr(strategy, field.name))
        for field in declared
        if field.init and field.name not in IDENTITY
    }
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(field: Field[Any], value: object) -> type[Parameter] | None:
    # As declared: a float whose default reads 1 is a float.
    if not isinstance(value, bool | int | float | str):
        return None
    is_float = field.type in {float, "float"} and not isinstance(value, bool | str)
    return float if is_float else type(value)


def _converted(strategy: Strategy, name: str, *, value: object) -> Parameter:
    settable = _settable(strategy)
    if name not in settable:
        raise ConfigurationError(
            f"{strategy.name} has no parameter {name}; there are {', '.join(settable) or 'none'}"
        )
    kind = settable[name]
    if not isinstance(value, ACCEPTED[kind]) or isinstance(value, bool) != (kind is bool):
        raise ConfigurationError(f"{strategy.name}: {name} is {value!r}; expected {kind.__name__}")
    try:
        converted = kind(cast("Any", value))
    except OverflowError:  # A whole number that no float holds.
        converted = inf
    if isinstance(converted, float) and not isfinite(converted):
        raise ConfigurationError(f"{strategy.name}: {name} is {value!r}; expected a finite number")
    return converted
