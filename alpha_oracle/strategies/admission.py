"""What may trade as a strategy. A user's own class is held to every word of the protocol."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features import registry as features
from alpha_oracle.strategies.base import InformedStrategy, require_holding_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.strategies.base import Strategy

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

ATTRIBUTES: Final[Mapping[str, type]] = {
    "name": str,
    "features": tuple,
    "min_hold_days": int,
    "max_hold_days": int,
}


def made_by(made_of: object) -> Strategy:
    """Return the strategy a class makes without arguments.

    Raises:
        ConfigurationError: it is no frozen dataclass with a default for every field, what it makes
            is no strategy, or it asks for a model's forecasts; says what to mend.
    """
    if not isinstance(made_of, type):
        raise ConfigurationError(f"it is {made_of!r}; name a class")
    if not is_dataclass(made_of) or not cast("Any", made_of).__dataclass_params__.frozen:
        raise ConfigurationError(
            f"{made_of.__name__} is no frozen dataclass; decorate it with "
            "@dataclass(frozen=True, kw_only=True), so that its fields are its parameters"
        )
    try:
        strategy = made_of()
    except Exception as error:  # Whatever a user's own class may raise.
        raise ConfigurationError(
            f"{made_of.__name__}() failed with {type(error).__name__}: {error}; "
            "give every field a default that its checks accept"
        ) from error
    if isinstance(strategy, InformedStrategy):
        raise ConfigurationError(
            f"{made_of.__name__} has a method informed_by, but models inform our own strategy "
            "alone; name the method otherwise"
        )
    return admitted(strategy)


def admitted(candidate: object) -> Strategy:
    """Return a candidate that has all a strategy must have.

    Raises:
        ConfigurationError: an attribute is missing or of another type, the name is none, a feature
            is unknown, or the holding bounds are not allowed; says which.
    """
    named = type(candidate).__name__
    for attribute, kind in ATTRIBUTES.items():
        _require_type(candidate, attribute, kind=kind)
    if not callable(getattr(candidate, "decide", None)):
        raise ConfigurationError(f"{named} has no method decide(self, market, features)")
    strategy = cast("Strategy", candidate)
    if not NAME.fullmatch(strategy.name):
        raise ConfigurationError(
            f"{named}: name is {strategy.name!r}; expected up to 64 letters, digits and _, "
            "the first a letter"
        )
    _require_features(strategy)
    require_holding_bounds(strategy)
    return strategy


def _require_type(candidate: object, attribute: str, *, kind: type) -> None:
    named = type(candidate).__name__
    if not hasattr(candidate, attribute):
        raise ConfigurationError(f"{named} has no {attribute}; add one of type {kind.__name__}")
    value = getattr(candidate, attribute)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigurationError(f"{named}: {attribute} is {value!r}; expected {kind.__name__}")


def _require_features(strategy: Strategy) -> None:
    if not all(isinstance(name, str) for name in strategy.features):
        raise ConfigurationError(
            f"{strategy.name}: features are {strategy.features!r}; expected their names"
        )
    try:
        features.named(strategy.features)
    except ConfigurationError as error:
        raise ConfigurationError(f"{strategy.name}: {error}") from error
