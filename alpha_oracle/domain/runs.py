"""What is on record of a daily run: its decision inputs and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.ranking import StrategyRank


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInputs:
    """What a session is decided with: as of when, with which settings, for which symbols."""

    session: Session
    as_of: datetime
    settings: Mapping[str, object]
    symbols: tuple[Symbol, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineReport:
    """What a run did. `signals` are the documents this run computed, in order of work.

    `digest` is the SHA-256 of their bytes: equal inputs give equal digests. `published` counts
    signals announced by this run, `differing` those that differ from what was announced before.
    """

    session: Session
    as_of: datetime
    skipped: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    rankings: tuple[StrategyRank, ...] = ()
    signals: tuple[Mapping[str, object], ...] = ()
    digest: str = ""
    published: int = 0
    differing: int = 0
