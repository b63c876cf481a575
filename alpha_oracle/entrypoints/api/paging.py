"""Pages: as many rows as asked for, newest first, and a cursor to go on after.

A cursor is a number that rows are sorted by and what sorts rows of the same number, in hex.
Whatever has its form is a place to go on after: the form is all there is to refuse, and the
description of the API says it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from fastapi import Query, Request

from alpha_oracle.domain.trading_pages import Cursor, Page
from alpha_oracle.entrypoints.api.problems import Problem

Row = TypeVar("Row")

LARGEST_PAGE: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HEX: Final = "(?:[0-9a-f]{2}){0,256}"
_TOLD: Final = "`next` of the page before; none: the first."


Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Rows of a page.")]
After = Annotated[str | None, Query(pattern=rf"^[0-9]{{1,17}}\.{_HEX}$", description=_TOLD)]
"""A place by microseconds since 1970 and a key."""

AfterDay = Annotated[
    str | None, Query(pattern=rf"^[0-9]{{1,7}}(?:\.{_HEX}){{3}}$", description=_TOLD)
]
"""A place by the day's number, from 0001-01-01 as 1, and three names."""

AfterRank = Annotated[str | None, Query(pattern=r"^[0-9]{1,7}\.[0-9]{1,9}$", description=_TOLD)]
"""A place by the day's number and a rank."""

AfterName = Annotated[str | None, Query(pattern=rf"^{_HEX}$", description=_TOLD)]
"""A place by a name."""

AfterNames = Annotated[str | None, Query(pattern=rf"^{_HEX}\.{_HEX}$", description=_TOLD)]
"""A place by two names."""


def page_document(page: Page[Row], document: Callable[[Row], Any]) -> dict[str, Any]:
    """Return a page of what is traded as JSON values."""
    end = page.end
    cursor = None if end is None else instant_cursor(end.at, end.key)
    return {"items": [document(row) for row in page.rows], "next": cursor}


def cut_page(
    documents: Sequence[dict[str, Any]], limit: int, cursor: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """Return a page of documents; one more than the limit says that there is a page after it."""
    items = documents[:limit]
    return {"items": items, "next": cursor(items[-1]) if len(documents) > limit else None}


def instant_cursor(at: datetime, key: str) -> str:
    """Return the cursor of a row by its instant, and its key among those of one instant."""
    return f"{(at - _EPOCH) // _MICROSECOND}.{to_hex(key)}"


def instant_place(cursor: str) -> tuple[datetime, str]:
    """Return the instant and the key that a cursor stands for."""
    number, _, key = cursor.partition(".")
    return _EPOCH + timedelta(microseconds=int(number)), from_hex(key)


def traded_cursor(after: str | None) -> Cursor | None:
    """Return the cursor of a page of what is traded."""
    return None if after is None else Cursor(*instant_place(after))


def day_of(number: str) -> date:
    """Return the day of a number; what is beyond the calendar is its first or last day."""
    return date.fromordinal(min(max(int(number), 1), date.max.toordinal()))


def to_hex(text: str) -> str:
    """Return a text as the hex of its bytes in UTF-8."""
    return text.encode().hex()


def from_hex(digits: str) -> str:
    """Return the text of such bytes; those that are no text sort as a stand-in for them."""
    return bytes.fromhex(digits).decode("utf-8", "replace").replace("\0", "\ufffd")


def unknown_parameters(request: Request) -> None:
    """Refuse a parameter that the route does not know, or one that is given twice.

    A filter with a typing error in its name would otherwise show rows it was to hide.

    Raises:
        Problem: there is one.
    """
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    given = [name for name, _ in request.query_params.multi_items()]
    wrong = sorted({name for name in given if name not in known or given.count(name) > 1})
    if wrong:
        told = ", ".join(sorted(known)) or "none"
        detail = f"query: {', '.join(wrong)} unknown or given twice; there are: {told}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
