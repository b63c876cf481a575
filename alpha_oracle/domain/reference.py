"""What is known of companies and the market beside bars, and rows of it nobody could use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Family(StrEnum):
    """A kind of reference data, with a source and a store of its own."""

    FUNDAMENTALS = "fundamentals"
    INSIDERS = "insiders"
    SHORT_INTEREST = "short_interest"
    VOLATILITY = "volatility"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row of a source's answer that is not what its family is made of, with what stood there.

    `subject` is what it is about: a symbol, a filing, a settlement date, a series.
    """

    subject: str
    reason: str
    received: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """The last whole answer about a subject: when it came, and from which day on it is complete.

    `covers_from` is None where the family has no such day (statements come with their history).
    """

    subject: str
    fetched_at: datetime
    covers_from: date | None = None
