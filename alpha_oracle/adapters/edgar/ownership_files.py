"""Forms 4 and 4/A from files: whole submissions, or bare XML that does not say when it was filed.

Nobody files before signing, and the law gives two business days from the trade; insiders are late
at times, but who signs, files. So a bare document counts as known from the end of the second
session after the latest of its signature, its period and its trades: a bound, where the submission
has the fact.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.edgar.acceptance import end_of_day
from alpha_oracle.adapters.edgar.ownership import parse_ownership
from alpha_oracle.adapters.edgar.submission_text import decoded, read_submission, require_whole
from alpha_oracle.calendar import next_session_after
from alpha_oracle.domain.insiders import OwnershipFiling, ReceivedFilings
from alpha_oracle.domain.market import parse_symbol
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from alpha_oracle.adapters.edgar.ownership import Ownership
    from alpha_oracle.adapters.edgar.submission_text import SubmissionText

SUFFIXES: Final = frozenset({".xml", ".txt", ".nc"})
MAX_FILE_BYTES: Final = 16 * 1024 * 1024


def read_ownership_files(path: Path) -> ReceivedFilings:
    """Return the Forms 4 and 4/A in a file, or in the files of a folder, by name.

    A file that is none is refused under its name; the symbol is the one that the form names.

    Raises:
        DataError: there is no such file or folder, or none that could be one.
        ConfigurationError: a file cannot be opened.
    """
    files = [path] if path.is_file() else _inside(path)
    filings: dict[str, OwnershipFiling] = {}
    refused: list[RefusedRow] = []
    for file in files:
        try:
            filing, rows = _read(file)
        except (DataError, SourceAway) as error:
            refused.append(RefusedRow(subject=file.name, reason=str(error), received={}))
        else:
            filings.setdefault(filing.accession, filing)
            refused.extend(rows)
    return ReceivedFilings(filings=tuple(filings.values()), refused=tuple(refused))


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is neither a file nor a folder")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f"{folder} holds no file named {', '.join(sorted(SUFFIXES))}")
    return files


def _read(file: Path) -> tuple[OwnershipFiling, tuple[RefusedRow, ...]]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB")
        body = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
    text = decoded(body)
    require_whole(text)
    submission = read_submission(text)
    ownership = parse_ownership(submission.xml)
    symbol = parse_symbol(ownership.issuer_symbol)
    # The same document gets the same name each time; it has no number of EDGAR's.
    accession = submission.accession or f"xml-{hashlib.sha256(body).hexdigest()[:20]}"
    known_at, filed_on = _when(submission, ownership)
    filing = ownership.filing(symbol, accession=accession, known_at=known_at, filed_on=filed_on)
    return filing, ownership.refused(symbol, accession=accession)


def _when(submission: SubmissionText, ownership: Ownership) -> tuple[datetime, date]:
    if submission.accepted_at is not None and submission.filed_on is not None:
        return submission.accepted_at, submission.filed_on
    if submission.filed_on is not None:
        return end_of_day(submission.filed_on), submission.filed_on
    if ownership.signed_on is None:
        raise DataError(
            "nobody says when it was filed, or signed; import the whole submission (.txt)"
        )
    trades = [transaction.traded_on for transaction in ownership.transactions]
    latest = max(ownership.signed_on, ownership.period_of_report, *trades)
    bound = next_session_after(next_session_after(latest))
    return end_of_day(bound), ownership.signed_on
