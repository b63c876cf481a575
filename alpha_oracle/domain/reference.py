"""What is known of companies and the market beside bars, and rows of it nobody could use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from alpha_oracle.domain.bars import Absence


class Family(StrEnum):
    """A kind of reference data. The benchmark comes with the bars, sectors from files alone."""

    FUNDAMENTALS = "fundamentals"
    INSIDERS = "insiders"
    SHORT_INTEREST = "short_interest"
    VOLATILITY = "volatility"
    BENCHMARK = "benchmark"
    SECTORS = "sectors"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyReport:
    """What became of asking for a family.

    `source` is None where nobody is asked. `asked` subjects (symbols, files, series) were due,
    `answered` of them came whole; `stored` rows are new, `corrected` revise what was stored,
    `refused` could not be used. `absent` are those the source has nothing of, with its reason.
    `ended_by` is the error that left the rest unasked: they are due again next time.
    """

    family: Family
    source: str | None = None
    asked: int = 0
    answered: int = 0
    stored: int = 0
    corrected: int = 0
    refused: int = 0
    absent: tuple[Absence, ...] = ()
    ended_by: str = ""

    @property
    def line(self) -> str:
        """The report in a line for a person."""
        if self.source is None:
            return "nobody is asked"
        if not self.asked:
            return f"not asked: {self.ended_by}" if self.ended_by else f"{self.source}: nothing due"
        told = f"{self.source} answered {self.answered} of {self.asked}: {self.stored} new"
        told += f", {self.corrected} corrected" if self.corrected else ""
        told += f", {self.refused} refused" if self.refused else ""
        told += f", {len(self.absent)} absent" if self.absent else ""
        return told + (f"; ended by: {self.ended_by}" if self.ended_by else "")
