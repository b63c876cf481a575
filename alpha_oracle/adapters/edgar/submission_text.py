"""A filing as EDGAR keeps it whole: a header in SGML, then documents; one of them is the XML.

The header is written in three ways (lines with a colon, tags in a feed, either within a wrapper
of privacy-enhanced mail); its time of acceptance is always New York's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.errors import DataError, SourceAway

if TYPE_CHECKING:
    from datetime import date

_HEADER_ENDS: Final = re.compile(r"</(?:SEC|IMS)-HEADER>|<DOCUMENT>")
_ACCEPTED: Final = re.compile(r"<ACCEPTANCE-DATETIME>\s*(\d{14})")
_ACCESSION: Final = re.compile(
    r"(?:ACCESSION NUMBER:|<ACCESSION-NUMBER>)[ \t]*(\d{10}-\d{2}-\d{6})"
)
_FILED: Final = re.compile(r"(?:FILED AS OF DATE:|<FILING-DATE>)[ \t]*(\d{8})")
_XML: Final = re.compile(r"<XML>(.*?)</XML>", re.DOTALL)
_BARE: Final = re.compile(r"<ownershipDocument\b.*</ownershipDocument\s*>", re.DOTALL)
_ROOT: Final = "<ownershipDocument"
# What opens a submission, and what closes it.
_WRAPPERS: Final = (
    ("<SEC-DOCUMENT>", "</SEC-DOCUMENT>"),
    ("<IMS-DOCUMENT>", "</IMS-DOCUMENT>"),
    ("<SUBMISSION>", "</SUBMISSION>"),
)
_PAGE: Final = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionText:
    """What a submission's header says, and its ownership document; what it does not say is None."""

    accession: str | None
    accepted_at: datetime | None
    filed_on: date | None
    xml: str


def decoded(body: bytes) -> str:
    """Return a submission's text; what is not UTF-8 is read as Latin-1, which has every byte."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def require_whole(text: str) -> None:
    """Check that a text of EDGAR's archive is a submission to its end.

    Raises:
        SourceAway: it is cut off, or a page for people.
    """
    if _PAGE.match(text):
        raise SourceAway("EDGAR sent a page in place of a filing; ask again later")
    for opening, closing in _WRAPPERS:
        if opening in text and closing not in text:
            raise SourceAway("EDGAR broke off a filing in the middle; ask again later")


def read_submission(text: str) -> SubmissionText:
    """Return what the header says and the ownership document, of a bare document that alone.

    Raises:
        DataError: there is no ownership document in it, or the header cannot be read.
    """
    xml = next((part for part in _XML.findall(text) if _ROOT in part), None)
    if xml is None:
        found = _BARE.search(text)
        if found is None:
            raise DataError("the submission holds no ownershipDocument, as those before 2003")
        # All of it where it stands alone: what comes before it may be a DOCTYPE.
        xml = text if not any(opening in text for opening, _ in _WRAPPERS) else found[0]
    header = _HEADER_ENDS.split(text, maxsplit=1)[0]
    if _ROOT in header:
        header = ""  # A bare document has none, whatever its footnotes say.
    accession, accepted, filed = (
        _first(pattern, header) for pattern in (_ACCESSION, _ACCEPTED, _FILED)
    )
    try:
        return SubmissionText(
            accession=accession,
            accepted_at=None if accepted is None else _moment(accepted),
            filed_on=None if filed is None else _parsed(filed, "%Y%m%d").date(),
            xml=xml,
        )
    except ValueError as error:
        raise DataError(f"the submission's header cannot be read: {error}") from None


def _first(pattern: re.Pattern[str], header: str) -> str | None:
    found = pattern.search(header)
    return None if found is None else found[1]


def _moment(text: str) -> datetime:
    return _parsed(text, "%Y%m%d%H%M%S").astimezone(UTC)


def _parsed(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=NEW_YORK)
