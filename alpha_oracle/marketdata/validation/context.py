"""What the validation suite is told beside the bars it judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import StoredBars
    from alpha_oracle.domain.market import CorporateAction, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationBounds:
    """How far a close may move without a reason, and how often a bar may repeat.

    `max_jump_ratio` is symmetric: 1.4 bounds a move to between 1/1.4 and 1.4 times. Closes of two
    sources that differ by more than `max_disagreement_pct` percent are reported.
    """

    max_jump_ratio: float
    max_stale_sessions: int
    max_disagreement_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many bars should come, and how many of them (percent) at the least."""

    expected: int
    min_pct: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValidationContext:
    """The facts a batch is judged by.

    `latest` is the last session a bar may stand on. `stored` holds what the store knows of the
    batch's symbols: their last bars before it and those within its range; a received bar equal
    to one of them was accepted before and passes again.
    """

    bounds: ValidationBounds
    latest: Session
    at: datetime
    stored: StoredBars | None = None
    actions: Sequence[CorporateAction] = ()
