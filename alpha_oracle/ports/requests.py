"""What sources of bars remember together: requests spent, answers paid for, what a key may do.

All of it is shared by every process and outlives each of them. Times are the store's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.requests import Listing, RequestLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it came, and how long ago: clocks differ, in a rehearsal by years."""

    body: bytes
    age: timedelta


class RequestLedger(Protocol):
    """Requests spent, by account: a vendor and a key of it."""

    def reserve(self, account: str, limits: RequestLimits) -> float:
        """Count one request and return 0.0, or count none and return the seconds to wait first.

        Requests of an account keep apart by the lesser of a second and an even share of the
        minute, and never exceed the limits, whoever asks.

        Raises:
            BudgetSpent: the day's requests are used up.
            StoreUnavailable: nothing was counted.
        """
        ...

    def spent_today(self, account: str) -> int:
        """Return how many requests were counted since midnight in New York."""
        ...

    def close_day(self, account: str) -> None:
        """Let nothing more be reserved today: the vendor says that the day is used up."""
        ...

    def is_day_closed(self, account: str) -> bool:
        """Whether the vendor said so today."""
        ...


class AnswerSpool(Protocol):
    """Answers that were paid for, kept until what they say is stored, for two days at most."""

    def keep(self, account: str, request: str, body: bytes) -> None:
        """Keep an answer; a newer one to the same request takes its place."""
        ...

    def kept(self, account: str, requests: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """Return the answers kept to these requests; those without one are absent.

        So are those of a time to come: the clock has been set back, and their age is unknown.
        """
        ...


class Capabilities(Protocol):
    """What an account was found to allow, by trying."""

    def found(self, account: str, capability: str) -> bool | None:
        """Return what the last trial in 30 days found; None where there was none."""
        ...

    def record(self, account: str, capability: str, *, allowed: bool) -> None:
        """Keep what a trial found."""
        ...


class Listings(Protocol):
    """Which company a vendor had behind each ticker."""

    def listings(self, source: str, symbols: Sequence[Symbol]) -> Mapping[Symbol, Listing]:
        """Return the last listing seen of each symbol; those never seen are absent."""
        ...

    def symbols_of(self, source: str, vendor_ids: Sequence[str]) -> Mapping[str, Symbol]:
        """Return the ticker under which a company was last seen, by the vendor's number."""
        ...

    def record(self, source: str, listings: Mapping[Symbol, Listing]) -> None:
        """Keep what was seen now."""
        ...


class Leases(Protocol):
    """Things only one process may use at a time."""

    def held(self, name: str, *, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lease for the length of a block; it ends with the process too.

        Raises:
            LeaseTaken: another process held it for all of `wait_seconds`.
        """
        ...
