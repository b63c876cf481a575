"""What a broker tells that cannot be so: it trips the kill switch, once, and is remembered.

Who trades goes on with the rest. A doubt is over when an operator took over the broker's truth: it
is on record then, and no later start raises it again.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.trading_records import Doubt, DoubtKind
from alpha_oracle.errors import ContradictsRecord, IllegalTransition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.execution.halting import Halt
    from alpha_oracle.execution.ledger import Ledger

INTEGRITY: Final = "integrity"


class Doubts:
    """Raises what is in doubt."""

    def __init__(self, ledger: Ledger, halt: Halt) -> None:
        self._ledger = ledger
        self._halt = halt
        self._told: set[str] = set()

    def is_settled(self, doubt: Doubt) -> bool:
        """Whether an operator took over what it is about."""
        return doubt in self._ledger.accepted

    def raise_once(self, kind: str, message: str, *doubts: Doubt) -> None:
        """Sound the alarm for what is in doubt, where some of it is neither told nor settled.

        Raises:
            StoreUnavailable: the switch is not tripped for certain; tell it again.
        """
        new = {*doubts} - self._ledger.accepted - self._ledger.doubts
        if new:
            self._halt.alarm(self._ledger, kind, message)
            self._ledger.doubts |= new

    def alarm_once(self, subject: str, kind: str, message: str) -> None:
        """Sound the alarm for what the record does account for, and should not have happened.

        Raises:
            StoreUnavailable: as of `raise_once`.
        """
        if subject not in self._told:
            self._halt.alarm(self._ledger, kind, message)
            self._told.add(subject)

    @contextmanager
    def about(self, doubt: Doubt) -> Iterator[None]:
        """Let what contradicts the record be in doubt, and nothing worse come of it."""
        try:
            yield
        except (ContradictsRecord, IllegalTransition) as error:
            self.raise_once(INTEGRITY, str(error), doubt)


def about_order(reference: str) -> Doubt:
    """Return the doubt about an order."""
    return Doubt(kind=DoubtKind.ORDER, name=reference)


def about_execution(execution_id: str) -> Doubt:
    """Return the doubt about an execution."""
    return Doubt(kind=DoubtKind.EXECUTION, name=execution_id)
