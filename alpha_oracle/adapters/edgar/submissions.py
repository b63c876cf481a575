"""The lists of a company's filings: the newest thousand, and older pages where there are more."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.edgar.acceptance import Stamp, accepted_at, parse_written, zone_of
from alpha_oracle.adapters.edgar.documents import day_of, list_of, object_of, parse_object
from alpha_oracle.errors import DataError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from alpha_oracle.adapters.edgar.client import EdgarClient
    from alpha_oracle.ports.clock import Clock

CACHED_FOR: Final = timedelta(minutes=15)
MOST_CACHED_ROWS: Final = 200_000

ACCESSION: Final = re.compile(r"\d{10}-\d{2}-\d{6}")
_PAGE_NAME: Final = re.compile(r"CIK\d{10}-submissions-\d{1,6}\.json")
_COLUMNS: Final = ("accessionNumber", "form", "filingDate", "acceptanceDateTime")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRow:
    """A filing as a list names it; `accepted_at` is UTC, the later where the list leaves doubt."""

    accession: str
    form: str
    filed_on: date
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderPage:
    """The name of a page of older filings, and the dates they were filed from and to."""

    name: str
    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingPage:
    """A page as it was read; `older` are those named by the first one."""

    rows: tuple[FilingRow, ...]
    older: tuple[OlderPage, ...] = ()


class Submissions:
    """Lists of filings, each read once in a quarter of an hour. Safe to share between threads."""

    def __init__(
        self, client: EdgarClient, *, clock: Clock, most_rows: int = MOST_CACHED_ROWS
    ) -> None:
        self._client = client
        self._clock = clock
        self._most_rows = most_rows
        self._guard = Lock()
        self._pages: OrderedDict[str, tuple[datetime, FilingPage]] = OrderedDict()

    def newest(self, cik: str) -> FilingPage | None:
        """Return the first page of a company's filings; None: EDGAR has no list of it.

        Raises:
            TransientError: ask again later.
            DataError: the list cannot be read.
            ConfigurationError: the SEC refuses us.
        """
        name = f"CIK{cik}.json"
        return self._kept(name) or self._fetched(name, cik)

    def older(self, page: OlderPage, cik: str) -> FilingPage:
        """Return a page of older filings.

        Raises:
            TransientError: ask again later.
            DataError: the list cannot be read.
            ConfigurationError: the SEC refuses us.
        """
        found = self._kept(page.name) or self._fetched(page.name, cik)
        if found is None:
            raise SourceAway(f"EDGAR names a page {page.name} and has none; ask again later")
        return found

    def since(self, start: date, cik: str) -> tuple[FilingRow, ...] | None:
        """Return the filings of `start` or later, oldest first; None: EDGAR has no list.

        Raises:
            TransientError: ask again later.
            DataError: a list cannot be read.
            ConfigurationError: the SEC refuses us.
        """
        newest = self.newest(cik)
        if newest is None:
            return None
        rows = list(newest.rows)
        for page in newest.older:
            if page.end >= start:
                rows.extend(self.older(page, cik).rows)
        wanted = {row.accession: row for row in rows if row.filed_on >= start}
        return tuple(sorted(wanted.values(), key=lambda row: (row.accepted_at, row.accession)))

    def _kept(self, name: str) -> FilingPage | None:
        with self._guard:
            read_at, page = self._pages.get(name, (None, None))
            if read_at is None or not self._is_young(read_at):
                return None
            return page

    def _is_young(self, read_at: datetime) -> bool:
        return timedelta(0) <= self._clock.now() - read_at < CACHED_FOR

    def _fetched(self, name: str, cik: str) -> FilingPage | None:
        asked_at = self._clock.now()
        body = self._client.data(f"/submissions/{name}")
        if body is None:
            return None
        page = read_page(body, cik)
        with self._guard:
            self._pages[name] = (asked_at, page)
            self._pages.move_to_end(name)
            rows = sum(len(kept.rows) for _, kept in self._pages.values())
            while rows > self._most_rows:
                _, (_, dropped) = self._pages.popitem(last=False)
                rows -= len(dropped.rows)
        return page


def read_page(body: bytes, cik: str) -> FilingPage:
    """Return what a page says: the first one, or an older one that is columns alone.

    Raises:
        SourceAway: it ends in the middle.
        DataError: it cannot be read, or is another company's.
    """
    what = f"list of filings of CIK {cik}"
    document = parse_object(body, what=what)
    if "filings" not in document:
        return FilingPage(rows=_rows(document, what=what))
    _require_same(document.get("cik"), cik)
    filings = object_of(document["filings"], what=what)
    recent = object_of(filings.get("recent"), what=what)
    older = list_of(filings.get("files", []), what=what)
    return FilingPage(
        rows=_rows(recent, what=what),
        older=tuple(_older(object_of(page, what=what), what=what) for page in older),
    )


def _require_same(told: object, cik: str) -> None:
    digits = str(told)
    if not digits.isdecimal() or int(digits) != int(cik):
        raise DataError(f"EDGAR's list of filings of CIK {cik} is of CIK {digits[:20]!r}")


def _rows(columns: Mapping[str, object], *, what: str) -> tuple[FilingRow, ...]:
    values = [list_of(columns.get(name), what=f"{what}: {name}") for name in _COLUMNS]
    if len({len(column) for column in values}) != 1:
        raise DataError(f"EDGAR's {what} has columns of different lengths")
    try:
        accessions, stamps = _read_columns(values)
    except ValueError as error:
        raise DataError(f"EDGAR's {what} cannot be read: {error}") from None
    zone = zone_of(stamps)
    return tuple(
        FilingRow(
            accession=accession,
            form=stamp.form,
            filed_on=stamp.filed_on,
            accepted_at=accepted_at(stamp, zone),
        )
        for accession, stamp in zip(accessions, stamps, strict=True)
    )


def _read_columns(values: Sequence[Sequence[object]]) -> tuple[list[str], list[Stamp]]:
    accessions, stamps = [], []
    for accession, form, filed, accepted in zip(*values, strict=True):
        if not isinstance(accession, str) or not ACCESSION.fullmatch(accession):
            raise ValueError(f"accession number {str(accession)[:40]!r}")
        stamp = Stamp(form=str(form), filed_on=day_of(filed), written=parse_written(accepted))
        accessions.append(accession)
        stamps.append(stamp)
    return accessions, stamps


def _older(page: Mapping[str, object], *, what: str) -> OlderPage:
    name = page.get("name")
    # It becomes part of an address: nothing else than such a name may.
    if not isinstance(name, str) or not _PAGE_NAME.fullmatch(name):
        raise DataError(f"EDGAR's {what} names an older page {str(name)[:60]!r}")
    try:
        start, end = day_of(page.get("filingFrom")), day_of(page.get("filingTo"))
    except ValueError as error:
        raise DataError(f"EDGAR's {what} does not say what {name} holds: {error}") from None
    return OlderPage(name=name, start=start, end=end)
