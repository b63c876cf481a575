"""What the validation suite says of a batch of bars."""

from dataclasses import dataclass


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
