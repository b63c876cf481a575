"""How intervals that a symbol stays in change from one telling to the next.

An interval that comes late, or the end of an open one, counts as known from its own day: it was
said so then. One withdrawn, or told otherwise than before, is a correction: known from when we
received it on, and never for an earlier instant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from alpha_oracle.domain.market import Membership, SectorAssignment

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

K = TypeVar("K", bound="Hashable")
Stay = TypeVar("Stay", Membership, SectorAssignment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Generic[Stay]):
    """What differs: intervals never told, ends of open ones, others told anew, and withdrawn."""

    new: list[Stay]
    ended: list[Stay]
    moved: list[Stay]
    withdrawn: list[Stay]

    def __len__(self) -> int:
        return len(self.new) + len(self.ended) + len(self.moved) + len(self.withdrawn)


def changes(stored: Mapping[K, Stay], given: Mapping[K, Stay]) -> Changes[Stay]:
    """Return what makes of the stored intervals the given ones."""
    both = [(stored[key], one) for key, one in given.items() if key in stored]
    differing = [(before, one) for before, one in both if before != one]
    return Changes(
        new=[one for key, one in given.items() if key not in stored],
        ended=[one for before, one in differing if _has_ended(before, one)],
        moved=[one for before, one in differing if not _has_ended(before, one)],
        withdrawn=[one for key, one in stored.items() if key not in given],
    )


def _has_ended(before: Stay, now: Stay) -> bool:
    return before.end is None and replace(before, end=now.end) == now
