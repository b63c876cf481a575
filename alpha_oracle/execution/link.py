"""How far the broker can be believed, and when it is asked for everything again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.execution.surroundings import SETTLE
from alpha_oracle.risk.facts import LinkState

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from alpha_oracle.domain.broker import BrokerAccount

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(seconds=60)


class Link:
    """The broker's state as last heard. Every start begins by asking for everything.

    `drift_pct` is of the last reconciliation, None before it; `account` are the broker's figures of
    the last snapshot. `bought_usd` is what purchases since then may have added to its margin.
    """

    def __init__(self, now: datetime) -> None:
        self.state = LinkState.SYNCHRONISING
        self.account: BrokerAccount | None = None
        self.drift_pct: Decimal | None = None
        self.bought_usd: Decimal | int = 0
        self.asked_at: datetime | None = None
        self.occasion = "start"
        self._due_at = self._settled_at = now
        self._retry = FIRST_RETRY

    @property
    def due_at(self) -> datetime:
        """When everything is to be asked next."""
        return self._due_at

    def is_due(self, now: datetime) -> bool:
        """Whether everything is to be asked now; a clock that went back has it asked anew."""
        return now >= self._due_at or now < self._settled_at

    def ask_by(self, at: datetime, occasion: str) -> None:
        """Have everything asked at an instant, or before."""
        if at < self._due_at:
            self._due_at, self.occasion = at, occasion

    def went_down(self) -> None:
        """Note that the link is down: until everything is asked again, nothing is sent."""
        self.state = LinkState.DOWN

    def came_up(self, now: datetime) -> None:
        """Note that the link is up again."""
        self.state = LinkState.SYNCHRONISING
        self.ask_by(now, "link_up")

    def got_no_answer(self, now: datetime) -> None:
        """Note that the broker did not tell everything; it is asked again, ever less often."""
        self.went_down()
        self._due_at, self._settled_at = now + self._retry, now
        self._retry = min(self._retry * 2, LONGEST_RETRY)

    def got_everything(self, now: datetime, account: BrokerAccount, *, next_at: datetime) -> None:
        """Take over the broker's figures; it is asked again by then, whatever happens."""
        self.account, self.bought_usd, self.asked_at = account, 0, now
        self.state = LinkState.READY
        self._retry = FIRST_RETRY
        self._due_at, self._settled_at, self.occasion = next_at, now, "timer"

    def ask_after_command(self, sent_at: datetime) -> None:
        """Have everything asked once it can tell what became of a command."""
        self.ask_by(sent_at + SETTLE, "unknown_order")
