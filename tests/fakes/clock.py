"""A clock that stands still until told otherwise."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """The present as a test sets it."""

    def __init__(self, now: datetime = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)) -> None:
        if now.tzinfo is None:
            raise ValueError("a clock tells aware times")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **duration: float) -> None:
        """Let time pass: `advance(minutes=5)`."""
        self._now += timedelta(**duration)

    def set(self, now: datetime) -> None:
        """Jump to an instant."""
        self._now = now.astimezone(UTC)
