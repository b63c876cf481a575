"""Which bar sources there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.config import Settings
    from alpha_oracle.ports.bars import BarSource


def bar_source(settings: Settings, name: str | None = None) -> BarSource:
    """Return the source of a name (None: the one of the settings).

    Raises:
        ConfigurationError: there is no such source.
    """
    name = name or settings.data.source
    if name not in SOURCES:
        known = ", ".join(sorted(SOURCES))
        raise ConfigurationError(f"no bar source is called {name!r}; known: {known}")
    return SOURCES[name](settings)


SOURCES: Final[dict[str, Callable[[Settings], BarSource]]] = {
    "files": lambda settings: FilesBarSource(
        path=settings.data.files.path, prices=PriceBasis(settings.data.files.prices)
    ),
    "synthetic": lambda settings: SyntheticBarSource(settings.data.synthetic),
}
