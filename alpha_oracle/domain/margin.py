"""What an account fell short of its margin within a session."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from alpha_oracle.domain.market import Session

DE_MINIMIS_USD: Final = Decimal(1000)
DE_MINIMIS_PCT: Final = Decimal(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginDeficit:
    """A session's intraday margin deficit, USD above 0.

    `equity_usd` is the account's when it was largest. `level_usd` is the intraday margin level last
    seen in the session, which later rises count from; `met_on` the session in which one was enough.
    """

    session: Session
    usd: Decimal
    equity_usd: Decimal
    level_usd: Decimal
    met_on: Session | None = None

    def __post_init__(self) -> None:
        if self.usd <= 0:
            raise ValueError(f"a deficit of {self.usd} USD on {self.session} is none")

    @property
    def is_de_minimis(self) -> bool:
        """Whether it is at most the lesser of 5 % of equity and 1,000 USD: it makes no practice."""
        return self.usd <= min(self.equity_usd * DE_MINIMIS_PCT / 100, DE_MINIMIS_USD)
