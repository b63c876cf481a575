"""One order of ours as far as the gateway told of it, and its words for where one stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alpha_oracle.domain.broker import BrokerEventKind
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Fill

ACKNOWLEDGED: Final = frozenset({"PreSubmitted", "Submitted", "PendingCancel", "Filled"})
NOT_YET: Final = frozenset({"ApiPending", "PendingSubmit"})
CANCELLED: Final = frozenset({"Cancelled", "ApiCancelled"})
ALIVE: Final = frozenset({"PreSubmitted", "Submitted"})
INACTIVE: Final = "Inactive"
FILLED: Final = "Filled"


@dataclass(slots=True, kw_only=True)
class Tracked:
    """One order of ours, by the reference it carries."""

    reference: str
    number: int
    session: Session
    quantity: int
    is_sent_here: bool
    perm_id: int = 0
    is_acknowledged: bool = False
    is_cancel_asked: bool = False
    ended_as: BrokerEventKind | None = None
    refusal: str = ""
    executions: dict[str, Fill] = field(default_factory=dict)
    asked_about: set[str] = field(default_factory=set)
    owed: int = 0
    """Shares that a status counted as executed, at the most."""
    owed_since: float | None = None

    @property
    def executed(self) -> int:
        """Shares executed, of each execution its last correction."""
        return sum(fill.quantity for fill in self.executions.values())

    @property
    def is_answered(self) -> bool:
        """Whether the gateway said anything of it."""
        return self.is_acknowledged or self.ended_as is not None or bool(self.executions)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self.ended_as is not None or self.executed >= self.quantity

    def count(self, fill: Fill) -> None:
        """Take an execution, or a later telling of one."""
        known = self.executions.get(fill.stem)
        if known is None or known.revision <= fill.revision:
            self.executions[fill.stem] = fill
        self.is_acknowledged = True
        if self.executed >= self.owed:
            self.owed_since = None

    def owe(self, quantity: int, *, at: float) -> None:
        """Take how many shares a status counts as executed, and since when by some clock."""
        if quantity > max(self.executed, self.owed):
            self.owed, self.owed_since = quantity, at


def unnamed(key: str) -> str:
    """Return what an order without a reference goes by."""
    return f"ibkr-{key}"
