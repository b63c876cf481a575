"""Grids of parameters, each combination of which is tried by itself."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.parameters import settings_of, variants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.domain.walk_forward import Parameter
    from alpha_oracle.strategies.base import Strategy

MOST_COMBINATIONS: Final = 500


def combinations(
    strategy: Strategy, grid: Mapping[str, Sequence[Parameter]]
) -> tuple[dict[str, Parameter], ...]:
    """Return every combination of a grid's values, in the order of `variants`.

    Raises:
        ConfigurationError: the grid names no parameter or has more than 500 combinations, or
            `variants` refuses it.
    """
    if not grid:
        raise ConfigurationError(
            f"no parameter of {strategy.name} is given values to try; name one or more, like "
            f"{' or '.join(list(settings_of(strategy))[:2]) or 'none: it has none'}"
        )
    count = prod(len(values) for values in grid.values())
    if count > MOST_COMBINATIONS:
        raise ConfigurationError(
            f"the grid has {count:,} combinations, at most {MOST_COMBINATIONS} are tried at once; "
            "give fewer values"
        )
    return tuple(
        {name: value for name, value in settings_of(variant).items() if name in grid}
        for variant in variants(strategy, grid)
    )
