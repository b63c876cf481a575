"""What the validation suite says of a batch of bars, and ingestion of a session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from alpha_oracle.domain.bars import Absence
from alpha_oracle.domain.market import CorporateAction, Session, Symbol

EXAMPLES: Final = 5
"""How many examples a result carries at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationResult:
    """One expectation's verdict on a batch; `failed` rows of `evaluated` did not meet it."""

    expectation: str
    evaluated: int
    failed: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """What became of a batch: each received row is either accepted or quarantined."""

    received: int
    accepted: int
    quarantined: int
    results: tuple[ExpectationResult, ...]

    def __post_init__(self) -> None:
        if self.received != self.accepted + self.quarantined:
            raise ValueError(
                f"{self.received} received, but {self.accepted} accepted and "
                f"{self.quarantined} quarantined"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """What one source of the list was asked for: `asked` symbols, of which it gave `given`.

    `failure` is the error that ended its answers; empty where there was none.
    """

    source: str
    asked: int
    given: int
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two sources on one close: what is stored, and what came, in the same price basis (USD)."""

    symbol: Symbol
    session: Session
    stored_source: str
    stored_close: float
    source: str
    close: float
    pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A symbol whose new bars were held because its earlier ones are not those stored."""

    symbol: Symbol
    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapReport:
    """What the bars of earlier sessions told that came along with new ones.

    `splits` were recorded from them; `corrections_seen` counts stored bars that their own source
    now gives otherwise.
    """

    splits: tuple[CorporateAction, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    corrections_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of one batch of symbols on one session.

    `requested` symbols, of which `already_stored` were not fetched; `fetched` rows came, of which
    `accepted` were stored and `quarantined` held. `missing` symbols have no bar stored;
    `why_missing` says why, where it is known. `absent` tells what each source said of the symbols
    that none of them gave.
    """

    session: Session
    requested: int
    already_stored: int
    fetched: int
    accepted: int
    quarantined: int
    missing: tuple[Symbol, ...]
    validation: ValidationReport
    sources: tuple[SourceCount, ...] = ()
    absent: tuple[Absence, ...] = ()
    overlap: OverlapReport = OverlapReport()
    why_missing: Mapping[Symbol, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How many of the expected symbols have a bar stored for a session; `missing` have none.

    `covered` of the `universe`, expected or not, have one.
    """

    session: Session
    expected: int
    stored: int
    missing: tuple[Symbol, ...]
    universe: int
    covered: int

    @property
    def pct(self) -> float:
        """Percent of the expected symbols that are stored; 100 where none is expected."""
        return 100.0 * self.stored / self.expected if self.expected else 100.0


NOTHING_VALIDATED: Final = ValidationReport(received=0, accepted=0, quarantined=0, results=())


def merged_overlap(reports: Iterable[OverlapReport]) -> OverlapReport:
    """Return one report for several answers: all that each of them told."""
    whole = OverlapReport()
    for report in reports:
        whole = OverlapReport(
            splits=(*whole.splits, *report.splits),
            conflicts=(*whole.conflicts, *report.conflicts),
            disagreements=(*whole.disagreements, *report.disagreements),
            corrections_seen=whole.corrections_seen + report.corrections_seen,
        )
    return whole


def merged_report(reports: Iterable[ValidationReport]) -> ValidationReport:
    """Return one report for several batches: counts add up, the first examples stay."""
    whole = NOTHING_VALIDATED
    for report in reports:
        whole = ValidationReport(
            received=whole.received + report.received,
            accepted=whole.accepted + report.accepted,
            quarantined=whole.quarantined + report.quarantined,
            results=_merged_results(whole.results, report.results),
        )
    return whole


def _merged_results(
    first: tuple[ExpectationResult, ...], second: tuple[ExpectationResult, ...]
) -> tuple[ExpectationResult, ...]:
    merged = {result.expectation: result for result in first}
    for result in second:
        known = merged.get(result.expectation)
        merged[result.expectation] = result if known is None else _added(known, result)
    return tuple(merged.values())


def _added(first: ExpectationResult, second: ExpectationResult) -> ExpectationResult:
    return ExpectationResult(
        expectation=first.expectation,
        evaluated=first.evaluated + second.evaluated,
        failed=first.failed + second.failed,
        examples=(*first.examples, *second.examples)[:EXAMPLES],
    )
