"""Strategies of other packages, found by the entry points of their distributions.

One that cannot be loaded never takes the others with it, and is never passed over in silence: it
is kept with the reason, for whoever asks which strategies there are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.strategies.admission import made_by

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from importlib.metadata import EntryPoint

    from alpha_oracle.strategies.base import Strategy

GROUP: Final = "alpha_oracle.strategies"
"""The entry point group in which a distribution names its classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomStrategy:
    """A strategy of another package; `origin` is its distribution and version."""

    strategy: Strategy
    origin: str
    entry_point: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenStrategy:
    """An entry point that gives no strategy, and what to mend."""

    origin: str
    entry_point: str
    reason: str

    @property
    def text(self) -> str:
        """The whole of it as one sentence."""
        return f"strategy {self.entry_point} of package {self.origin}: {self.reason}"


def discover(*, taken: Collection[str]) -> tuple[list[CustomStrategy], list[BrokenStrategy]]:
    """Return the strategies of installed packages and what is broken of them, by entry point.

    Names in `taken` are not free. Two that claim one name are both broken: which of them is meant
    is for a person to say.
    """
    results = [_loaded(point) for point in sorted(entry_points(group=GROUP), key=_entry)]
    loaded = [one for one in results if isinstance(one, CustomStrategy)]
    claims = Counter([*taken, *(one.strategy.name for one in loaded)])
    usable = [one for one in loaded if claims[one.strategy.name] == 1]
    broken = [one for one in results if isinstance(one, BrokenStrategy)]
    rivals = [one for one in loaded if claims[one.strategy.name] > 1]
    return usable, [*broken, *(_unnamed(one, taken=taken, rivals=rivals) for one in rivals)]


def _loaded(point: EntryPoint) -> CustomStrategy | BrokenStrategy:
    try:
        strategy = made_by(_imported(point))
    except ConfigurationError as error:
        return BrokenStrategy(origin=_origin(point), entry_point=_entry(point), reason=str(error))
    return CustomStrategy(strategy=strategy, origin=_origin(point), entry_point=_entry(point))


def _imported(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # A foreign module runs its own code when imported.
        raise ConfigurationError(
            f"importing it failed with {type(error).__name__}: {error}; "
            "mend the package, or uninstall it"
        ) from error


def _unnamed(
    one: CustomStrategy, *, taken: Collection[str], rivals: Sequence[CustomStrategy]
) -> BrokenStrategy:
    name = one.strategy.name
    owners = ["alpha-oracle itself"] if name in taken else []
    owners += [
        f"{rival.entry_point} of {rival.origin}"
        for rival in rivals
        if rival is not one and rival.strategy.name == name
    ]
    reason = f"its name {name} is that of {' and '.join(owners)} too; rename one"
    return BrokenStrategy(origin=one.origin, entry_point=one.entry_point, reason=reason)


def _entry(point: EntryPoint) -> str:
    return f"{point.name} = {point.value}"


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
