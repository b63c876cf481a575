"""Orders as a person lists them, to be replayed on what is stored."""

from dataclasses import dataclass

from alpha_oracle.domain.market import Session, Symbol
from alpha_oracle.domain.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrder:
    """An order decided at a session's close; its quantity are shares of the session it fills in."""

    session: Session
    symbol: Symbol
    side: Side
    quantity: int

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise ValueError(f"{self.side} {self.symbol}: quantity {self.quantity} is not above 0")
