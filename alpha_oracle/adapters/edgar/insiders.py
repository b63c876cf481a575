"""The `edgar` source of insiders' trades: each Form 4 and 4/A, known when it was accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.edgar.client import SOURCE
from alpha_oracle.adapters.edgar.ownership import FORMS, parse_ownership
from alpha_oracle.adapters.edgar.submission_text import decoded, read_submission, require_whole
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.insiders import OwnershipFiling, ReceivedFilings
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.errors import DataError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from alpha_oracle.adapters.edgar.companies import Company
    from alpha_oracle.adapters.edgar.edgar import Edgar
    from alpha_oracle.adapters.edgar.submissions import FilingRow
    from alpha_oracle.domain.market import Symbol

log = structlog.get_logger(__name__)

APPEARS_WITHIN: Final = timedelta(days=5)
"""A filing may be listed before its text is there; after this long it will not come any more."""


@dataclass(slots=True, kw_only=True)
class _Harvest:
    filings: list[OwnershipFiling] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    not_there: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.filings or self.refused)


class EdgarInsiders:
    """Forms 4 and 4/A about companies that file with the SEC. Safe to share between threads."""

    def __init__(self, edgar: Edgar) -> None:
        self._edgar = edgar
        # A filing is listed with its owners, too: those that are companies make many.
        self._about_others: set[tuple[str, str]] = set()

    @property
    def name(self) -> str:
        """The name the filings carry."""
        return SOURCE

    def fetch(self, symbol: Symbol, *, start: date, known: Collection[str]) -> ReceivedFilings:
        """Return the Forms 4 and 4/A filed on `start` or later that are not `known`, oldest first.

        One request a filing. One that cannot be read is refused under its accession number; one
        that the company made as an owner of another is left out. Where EDGAR goes away in the
        middle, what came is returned, with an absence that failed: the rest is due again.

        Raises:
            TransientError: nothing came; ask again later.
            DataError: the list of filings cannot be read.
            ConfigurationError: the SEC refuses us, or an address is someone else's.
        """
        company = self._edgar.companies.company(symbol)
        if isinstance(company, Absence):
            return ReceivedFilings(absence=company)
        rows = self._edgar.submissions.since(start, company.cik)
        if rows is None:
            reason = f"EDGAR has no filings of {company.name} (CIK {company.cik})"
            return ReceivedFilings(absence=_absence(symbol, AbsenceKind.NO_DATA, reason))
        there = frozenset(known)
        due = [
            row
            for row in rows
            if row.form in FORMS
            and row.accession not in there
            and (company.cik, row.accession) not in self._about_others
        ]
        return self._harvest(symbol, company, due)

    def _harvest(
        self, symbol: Symbol, company: Company, due: Sequence[FilingRow]
    ) -> ReceivedFilings:
        harvest = _Harvest()
        reason = ""
        for done, row in enumerate(due):
            try:
                self._take(harvest, symbol, row=row, company=company)
            except SourceAway as error:
                if harvest.is_empty:
                    raise
                reason = f"{done} of {len(due)} filings came, then: {error}"
                log.warning("filings_broken_off", symbol=symbol, done=done, due=len(due))
                break
        if not reason and harvest.not_there:
            reason = f"EDGAR lists filings whose text is not there yet: {harvest.not_there}"
        return ReceivedFilings(
            filings=tuple(harvest.filings),
            refused=tuple(harvest.refused),
            absence=_absence(symbol, AbsenceKind.FAILED, reason) if reason else None,
        )

    def _take(self, harvest: _Harvest, symbol: Symbol, *, row: FilingRow, company: Company) -> None:
        body = self._edgar.client.document(_path(row, company))
        if body is None:
            if self._edgar.clock.now() - row.accepted_at < APPEARS_WITHIN:
                harvest.not_there.append(row.accession)
            else:
                reason = "EDGAR lists it and has no text of it"
                harvest.refused.append(_refusal(symbol, row, reason=reason))
            return
        text = decoded(body)
        require_whole(text)
        try:
            filing, unreadable = read_filing(text, symbol, row=row, cik=company.cik)
        except DataError as error:
            harvest.refused.append(_refusal(symbol, row, reason=str(error)))
            return
        if filing is None:
            self._about_others.add((company.cik, row.accession))
            return
        harvest.filings.append(filing)
        harvest.refused.extend(unreadable)


def read_filing(
    text: str, symbol: Symbol, *, row: FilingRow, cik: str
) -> tuple[OwnershipFiling | None, tuple[RefusedRow, ...]]:
    """Return the filing that a submission is, and those of its rows that could not be read.

    None where the company of `cik` is not the issuer; the ticker that the filing names is not
    looked at, for it may be old.

    Raises:
        DataError: it cannot be read, or is another filing.
    """
    submission = read_submission(text)
    if submission.accession != row.accession:
        raise DataError(f"the submission is {submission.accession}, not {row.accession}")
    ownership = parse_ownership(submission.xml)
    if ownership.issuer_cik != cik:
        return None, ()
    filing = ownership.filing(
        symbol,
        accession=row.accession,
        known_at=submission.accepted_at or row.accepted_at,
        filed_on=submission.filed_on or row.filed_on,
    )
    return filing, ownership.refused(symbol, accession=row.accession)


def _path(row: FilingRow, company: Company) -> str:
    folder = row.accession.replace("-", "")
    return f"/Archives/edgar/data/{int(company.cik)}/{folder}/{row.accession}.txt"


def _refusal(symbol: Symbol, row: FilingRow, *, reason: str) -> RefusedRow:
    received = {
        "symbol": symbol,
        "form": row.form,
        "filed_on": row.filed_on.isoformat(),
        "accepted_at": row.accepted_at.isoformat(),
    }
    return RefusedRow(subject=row.accession, reason=reason, received=received)


def _absence(symbol: Symbol, kind: AbsenceKind, reason: str) -> Absence:
    return Absence(symbol=symbol, source=SOURCE, kind=kind, reason=reason)
