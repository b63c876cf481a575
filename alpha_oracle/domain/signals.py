"""The signal: the one document in which research and trading meet."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from alpha_oracle.domain.instants import utc_text
from alpha_oracle.domain.market import Session, Symbol

CHANNEL: Final = "signals"
STREAM: Final = "signals:stream"
"""Where signals are announced: to those listening now, and to those who read later."""


class SignalPlace(NamedTuple):
    """Where a signal stands among those on record."""

    day: Session
    strategy: str
    symbol: str
    direction: str


class Direction(StrEnum):
    """What a signal wants: a long position, its end (SHORT closes, never sells short), or none."""

    LONG = "LONG"
    SHORT = "SHORT"
    FLAT = "FLAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A strategy's wish for a symbol, decided on a session's close.

    `strength` is 0 to 1, `reference_price` the close as traded in USD. `win_rate` (0 to 1) and
    `avg_win_loss_ratio` come from out-of-sample trades; None where there were none.
    """

    session: Session
    strategy: str
    symbol: Symbol
    direction: Direction
    strength: float
    decided_at: datetime
    expires_at: datetime
    min_hold_days: int
    max_hold_days: int
    reference_price: float
    win_rate: float | None
    avg_win_loss_ratio: float | None

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= 1.0:
            raise ValueError(f"{self.symbol}: strength {self.strength} is outside 0..1")
        if self.decided_at.tzinfo is None or self.expires_at.tzinfo is None:
            raise ValueError(f"{self.symbol}: signal times must be timezone-aware")

    @property
    def signal_id(self) -> str:
        """The same for the same session, strategy, symbol and direction."""
        key = f"{self.session.isoformat()}|{self.strategy}|{self.symbol}|{self.direction}"
        return hashlib.sha256(key.encode()).hexdigest()[:32]

    def document(self) -> dict[str, object]:
        """The `signal:generated` document; its order of keys is part of the bytes."""
        return {
            "event": "signal:generated",
            "symbol": self.symbol,
            "direction": self.direction.value,
            "strength": self.strength,
            "strategy": self.strategy,
            "timestamp": utc_text(self.decided_at),
            "id": self.signal_id,
            "session": self.session.isoformat(),
            "expires_at": utc_text(self.expires_at),
            "min_hold_days": self.min_hold_days,
            "max_hold_days": self.max_hold_days,
            "reference_price": self.reference_price,
            "win_rate": self.win_rate,
            "avg_win_loss_ratio": self.avg_win_loss_ratio,
        }


def encode(signal: Signal) -> str:
    """Return the signal's document as JSON: the very bytes that are kept, relayed and compared.

    Raises:
        ValueError: a number in it is NaN or infinite, which JSON cannot say.
    """
    return json.dumps(signal.document(), separators=(",", ":"), ensure_ascii=True, allow_nan=False)
