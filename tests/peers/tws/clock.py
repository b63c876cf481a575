"""The server's clock: real, or standing where a test put it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(slots=True)
class ServerClock:
    """Stands still at `at`, or runs with the real time where that is None."""

    at: datetime | None = None

    def now(self) -> datetime:
        """The server's present, UTC."""
        return (self.at or datetime.now(UTC)).astimezone(UTC)
