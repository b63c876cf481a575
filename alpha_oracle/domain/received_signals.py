"""A signal as it came in from outside, where only six of its fields are certain."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.signals import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class WinStatistics:
    """How a strategy's out-of-sample trades went.

    `win_rate` is 0 to 1; `avg_win_loss_ratio` is None where no trade lost (or none won).
    """

    win_rate: Decimal
    avg_win_loss_ratio: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSignal:
    """A strategy's wish as the worker takes it in.

    `strength` is 0 to 1, `reference_price` USD as traded. `hold`, `reference_price` and
    `statistics` are None where the document did not give them.
    """

    signal_id: str
    session: Session
    strategy: str
    symbol: Symbol
    direction: Direction
    strength: float
    decided_at: datetime
    expires_at: datetime
    hold: Hold | None = None
    reference_price: Decimal | None = None
    statistics: WinStatistics | None = None

    @property
    def is_entry(self) -> bool:
        """Whether it wants to buy; what does not, wants out."""
        return self.direction is Direction.LONG
