"""What is on record of a daily run: its decision inputs and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alpha_oracle.domain.market import Session, Symbol


class RunStatus(StrEnum):
    """Where a session's run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A session's run. Its `as_of` and `settings` are those of the first run and stay.

    `symbols` is None where the run spoke of the whole universe.
    """

    session: Session
    as_of: datetime
    settings: Mapping[str, object]
    symbols: tuple[Symbol, ...] | None
    status: RunStatus
    error: str | None = None
    summary: Mapping[str, object] | None = None
