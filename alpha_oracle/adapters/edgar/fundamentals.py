"""The `edgar` source of statements: company facts, known when each filing was accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.edgar.acceptance import end_of_day
from alpha_oracle.adapters.edgar.client import SOURCE
from alpha_oracle.adapters.edgar.documents import parse_object
from alpha_oracle.adapters.edgar.facts import PERIODIC, read_statements, to_facts
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.fundamentals import ReceivedFacts
from alpha_oracle.domain.requests import RequestPlan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.edgar.edgar import Edgar
    from alpha_oracle.adapters.edgar.facts import Statements
    from alpha_oracle.adapters.edgar.submissions import FilingPage, FilingRow
    from alpha_oracle.domain.market import Symbol

APPEARS_WITHIN: Final = timedelta(days=1)
"""A filing's figures may come into company facts this long after the filing itself."""

_REQUESTS_A_SYMBOL: Final = 2


class EdgarFundamentals:
    """Statements of companies that file with the SEC. Safe to share between threads."""

    def __init__(self, edgar: Edgar) -> None:
        self._edgar = edgar

    @property
    def name(self) -> str:
        """The name the facts carry."""
        return SOURCE

    @property
    def worth_asking_after(self) -> timedelta:
        """Every run asks: one request tells whether there is anything new."""
        return timedelta(0)

    def plan(self, symbols: Sequence[Symbol]) -> RequestPlan:
        """Return what `fetch` of each would send where each has filed; the day has no bound."""
        return RequestPlan(
            source=SOURCE, symbols=len(symbols), requests=_REQUESTS_A_SYMBOL * len(symbols)
        )

    def fetch(self, symbol: Symbol, *, since: datetime | None) -> ReceivedFacts:
        """Return a symbol's facts, every period as every filing gave it, oldest filing first.

        Nothing where the company has filed no report since a day before `since`.

        Raises:
            TransientError: ask again later.
            DataError: the answer cannot be read.
            ConfigurationError: the SEC refuses us, or an address is someone else's.
        """
        company = self._edgar.companies.company(symbol)
        if isinstance(company, Absence):
            return ReceivedFacts(absence=company)
        newest = self._edgar.submissions.newest(company.cik)
        if newest is None:
            return _nothing(symbol, f"EDGAR has no filings of {company.name} (CIK {company.cik})")
        if since is not None and not _has_reported(newest, since=since - APPEARS_WITHIN):
            return ReceivedFacts()
        path = f"/api/xbrl/companyfacts/CIK{company.cik}.json"
        body = self._edgar.client.data(path)
        if body is None:
            return _nothing(
                symbol, f"EDGAR has no figures of {company.name} (CIK {company.cik}): a fund?"
            )
        document = parse_object(body, what=f"company facts of CIK {company.cik}")
        statements = read_statements(document, symbol, cik=company.cik)
        known_at = self._known_at(statements, newest, cik=company.cik)
        facts, refused = to_facts(statements, symbol, known_at=known_at)
        if not facts and not (refused or statements.refused):
            return _nothing(
                symbol, f"{company.name} (CIK {company.cik}) reports nothing in US GAAP and USD"
            )
        return ReceivedFacts(facts=facts, refused=(*statements.refused, *refused))

    def _known_at(
        self, statements: Statements, newest: FilingPage, *, cik: str
    ) -> dict[str, datetime]:
        # Until a filing is found, the end of the day it is dated with: it came no later.
        known_at = {
            one.accession: end_of_day(one.filed_on) for one in statements.by_accession.values()
        }
        missing = set(known_at)
        self._note(known_at, missing, rows=newest.rows)
        for page in newest.older:
            days = [statements.by_accession[one].filed_on for one in missing]
            if any(page.start <= day <= page.end for day in days):
                rows = self._edgar.submissions.older(page, cik).rows
                self._note(known_at, missing, rows=rows)
        return known_at

    def _note(
        self, known_at: dict[str, datetime], missing: set[str], *, rows: Sequence[FilingRow]
    ) -> None:
        for row in rows:
            if row.accession in missing:
                known_at[row.accession] = row.accepted_at
                missing.discard(row.accession)


def _has_reported(newest: FilingPage, *, since: datetime) -> bool:
    return any(row.form in PERIODIC and row.accepted_at > since for row in newest.rows)


def _nothing(symbol: Symbol, reason: str) -> ReceivedFacts:
    absence = Absence(symbol=symbol, source=SOURCE, kind=AbsenceKind.NO_DATA, reason=reason)
    return ReceivedFacts(absence=absence)
