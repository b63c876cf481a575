"""What is on record of a daily run: its decision inputs and its outcome."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.domain.signals import Signal, encode


class RunStatus(StrEnum):
    """Where a session's run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A session's run. Its `as_of`, `settings` and `model_id` are those of the first run and stay.

    `symbols` is None where the run spoke of the whole universe, `model_id` where no model was
    active.
    """

    session: Session
    as_of: datetime
    settings: Mapping[str, object]
    symbols: tuple[Symbol, ...] | None
    status: RunStatus
    error: str | None = None
    summary: Mapping[str, object] | None = None
    model_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInputs:
    """What a session is decided with: as of when, with which settings, for which symbols.

    `model_id` is the model that forecasts; None: nothing is forecast.
    """

    session: Session
    as_of: datetime
    settings: Mapping[str, object]
    symbols: tuple[Symbol, ...] | None
    model_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCoverage:
    """How much a group of features knows: of the run's own session, in percent of its values."""

    group: str
    features: int
    known_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReport:
    """What was computed: features over sessions and symbols, by group, and the cache's size."""

    features: int
    sessions: int
    symbols: int
    families: tuple[FamilyCoverage, ...]
    cache_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What became of a run's signals.

    `documents` are their bytes in order of work, `digest` the SHA-256 of those: equal inputs give
    equal digests. `new` were not on record before; `differing` are on record otherwise, and stay
    so: what was announced stands. `announced` counts what the outbox held, earlier rows included.
    """

    documents: tuple[str, ...]
    digest: str
    new: int
    differing: int
    announced: int

    @classmethod
    def of(cls, signals: Sequence[Signal], *, new: int, differing: int, announced: int) -> Self:
        """Return the publication of signals as they were decided by this run."""
        documents = tuple(encode(signal) for signal in signals)
        return cls(
            documents=documents,
            digest=hashlib.sha256("\n".join(documents).encode()).hexdigest(),
            new=new,
            differing=differing,
            announced=announced,
        )

    def signal_documents(self) -> list[dict[str, object]]:
        """Return the documents as values."""
        return [json.loads(document) for document in self.documents]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineReport:
    """What a run did, or, in `skipped`, why there was nothing to do."""

    session: Session
    as_of: datetime
    skipped: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    rankings: tuple[StrategyRank, ...] = ()
    publication: Publication | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What a backfill did: rows new or corrected, and rows held.

    `lacking` symbols still have no bar on some session asked for.
    """

    start: Session
    end: Session
    sessions: int
    stored: int
    quarantined: int
    lacking: tuple[Symbol, ...] = ()
