"""Requests to metered vendors: how many a plan needs, and how many are left."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """What a vendor allows one key: requests in any minute, and on a New York calendar day.

    `per_day` is None where the day has no bound.
    """

    per_minute: int
    per_day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlan:
    """How many requests a source would send, of how many that the day has left.

    `left` and `per_day` are None where the source has no daily budget.
    """

    source: str
    symbols: int
    requests: int
    left: int | None = None
    per_day: int | None = None

    @property
    def fits(self) -> bool:
        """Whether the day's budget allows it."""
        return self.left is None or self.requests <= self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The company a vendor had behind a ticker: its permanent number there, and its name."""

    vendor_id: str
    name: str
