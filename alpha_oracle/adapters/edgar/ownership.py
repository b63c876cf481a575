"""Forms 4 and 4/A: an ownership document translated, its holdings and footnotes left out.

A price that only a footnote tells is none; a price of zero is zero. What cannot be read of one row
refuses that row; what cannot be read of the owners or the dates refuses the filing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.edgar.ownership_xml import (
    choice_of,
    day_of,
    flag_of,
    number_of,
    optional_day_of,
    optional_number_of,
    parse_root,
    text_of,
)
from alpha_oracle.domain.insiders import Insider, InsiderTransaction, OwnershipFiling
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime
    from xml.etree.ElementTree import Element

    from alpha_oracle.domain.market import Symbol

FORMS: Final = frozenset({"4", "4/A"})

_CIK: Final = re.compile(r"\d{1,10}")
_CODE: Final = re.compile(r"[A-Z]")
_ACQUIRED: Final[Mapping[str, bool]] = {"A": True, "D": False}
_DIRECT: Final[Mapping[str, bool]] = {"D": True, "I": False}
_TABLES: Final = (
    ("nonDerivativeTable/nonDerivativeTransaction", False),
    ("derivativeTable/derivativeTransaction", True),
)
_MOST_OWNERS: Final = 100
_MOST_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """An ownership document as it stands, before anybody said when it was filed."""

    form: str
    issuer_cik: str
    issuer_symbol: str
    period_of_report: date
    signed_on: date | None
    original_filed_on: date | None
    owners: tuple[Insider, ...]
    transactions: tuple[InsiderTransaction, ...]
    unreadable: tuple[tuple[int, str], ...]

    def filing(
        self, symbol: Symbol, *, accession: str, known_at: datetime, filed_on: date
    ) -> OwnershipFiling:
        """Return the filing it is."""
        return OwnershipFiling(
            accession=accession,
            symbol=symbol,
            form=self.form,
            known_at=known_at,
            period_of_report=self.period_of_report,
            filed_on=filed_on,
            owners=self.owners,
            transactions=self.transactions,
            replaces_filed_on=self.original_filed_on,
        )

    def refused(self, symbol: str, *, accession: str) -> tuple[RefusedRow, ...]:
        """Return its rows that could not be read; the filing itself is none of them."""
        return tuple(
            RefusedRow(
                subject=f"{accession} row {line}", reason=reason, received={"symbol": symbol}
            )
            for line, reason in self.unreadable
        )


def parse_ownership(text: str) -> Ownership:
    """Return what an ownership document of Form 4 or 4/A says.

    Raises:
        DataError: it is another form, or cannot be read.
    """
    root = parse_root(text)
    form = text_of(root, "documentType")
    if form not in FORMS:
        raise DataError(f"the document is a Form {form[:10]!r}, neither 4 nor 4/A")
    try:
        return _ownership(root, form)
    except ValueError as error:
        raise DataError(f"the document cannot be read: {error}") from None


def _ownership(root: Element, form: str) -> Ownership:
    transactions, unreadable = _transactions(root)
    return Ownership(
        form=form,
        issuer_cik=_cik_of(root, "issuer/issuerCik"),
        issuer_symbol=text_of(root, "issuer/issuerTradingSymbol"),
        period_of_report=day_of(root, "periodOfReport"),
        signed_on=max(_signatures(root), default=None),
        original_filed_on=(
            optional_day_of(root, "dateOfOriginalSubmission") if form.endswith("/A") else None
        ),
        owners=_owners(root),
        transactions=tuple(transactions),
        unreadable=tuple(unreadable),
    )


def _signatures(root: Element) -> Iterator[date]:
    for signature in root.findall("ownerSignature"):
        day = optional_day_of(signature, "signatureDate")
        if day is not None:
            yield day


def _owners(root: Element) -> tuple[Insider, ...]:
    owners = {owner.owner_id: owner for owner in map(_owner, root.findall("reportingOwner"))}
    if not 0 < len(owners) <= _MOST_OWNERS:
        raise ValueError(f"it has {len(owners)} reporting owners")
    return tuple(owners.values())


def _owner(element: Element) -> Insider:
    relationship = "reportingOwnerRelationship"
    return Insider(
        owner_id=_cik_of(element, "reportingOwnerId/rptOwnerCik"),
        name=text_of(element, "reportingOwnerId/rptOwnerName"),
        is_director=flag_of(element, f"{relationship}/isDirector"),
        is_officer=flag_of(element, f"{relationship}/isOfficer"),
        is_ten_percent_owner=flag_of(element, f"{relationship}/isTenPercentOwner"),
        officer_title=text_of(element, f"{relationship}/officerTitle"),
    )


def _cik_of(element: Element, path: str) -> str:
    text = text_of(element, path)
    if not _CIK.fullmatch(text):
        raise ValueError(f"{path} is {text[:40]!r}, no Central Index Key")
    return f"{int(text):010d}"


def _transactions(root: Element) -> tuple[list[InsiderTransaction], list[tuple[int, str]]]:
    rows = [(row, is_derivative) for path, is_derivative in _TABLES for row in root.findall(path)]
    if len(rows) > _MOST_ROWS:
        raise ValueError(f"it has {len(rows):,} rows")
    # Forms from before April 2023 have no such box.
    is_planned = None if root.find("aff10b5One") is None else flag_of(root, "aff10b5One")
    transactions: list[InsiderTransaction] = []
    unreadable: list[tuple[int, str]] = []
    for line, (row, is_derivative) in enumerate(rows, start=1):
        try:
            transactions.append(
                _transaction(row, line=line, is_derivative=is_derivative, is_planned=is_planned)
            )
        except ValueError as error:
            unreadable.append((line, str(error)))
    return transactions, unreadable


def _transaction(
    row: Element, *, line: int, is_derivative: bool, is_planned: bool | None
) -> InsiderTransaction:
    amounts, after = "transactionAmounts", "postTransactionAmounts"
    code = text_of(row, "transactionCoding/transactionCode")
    if not _CODE.fullmatch(code):
        raise ValueError(f"transactionCode is {code[:10]!r}, no letter")
    return InsiderTransaction(
        line=line,
        traded_on=day_of(row, "transactionDate/value"),
        code=code,
        is_derivative=is_derivative,
        is_acquisition=choice_of(
            row, f"{amounts}/transactionAcquiredDisposedCode/value", _ACQUIRED
        ),
        shares=number_of(row, f"{amounts}/transactionShares/value"),
        price_usd=optional_number_of(row, f"{amounts}/transactionPricePerShare/value"),
        shares_after=optional_number_of(row, f"{after}/sharesOwnedFollowingTransaction/value"),
        is_direct=choice_of(row, "ownershipNature/directOrIndirectOwnership/value", _DIRECT),
        is_planned=is_planned,
    )
