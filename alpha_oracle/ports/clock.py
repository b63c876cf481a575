"""Time, as the product may ask for it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """Return the present instant, timezone-aware UTC."""
        ...
