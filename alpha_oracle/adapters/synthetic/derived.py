"""What is made of the generated market for a whole source, once for as far as it reaches."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from alpha_oracle.adapters.synthetic.market import Market, market_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from alpha_oracle.config import SyntheticSettings

Made = TypeVar("Made")


class Derived(Generic[Made]):
    """Something computed from the market, again whenever the market has grown."""

    def __init__(self, settings: SyntheticSettings, make: Callable[[int, Market], Made]) -> None:
        self._settings = settings
        self._make = make
        self._lock = Lock()
        self._last: tuple[Market, Made] | None = None

    def through(self, day: date) -> tuple[Market, Made]:
        """Return the market through a day or beyond, and what `make` makes of it and its seed."""
        market = market_through(self._settings, day)
        with self._lock:
            if self._last is None or self._last[0] is not market:
                self._last = market, self._make(self._settings.seed, market)
            return self._last
