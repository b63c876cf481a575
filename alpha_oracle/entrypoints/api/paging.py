"""Pages: as many rows as asked for, newest first, and a cursor to go on after."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from fastapi import Query

from alpha_oracle.domain.trading_pages import Cursor, Page
from alpha_oracle.entrypoints.api.problems import Problem

Row = TypeVar("Row")

LARGEST_PAGE: Final = 500

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Rows of a page.")]
After = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before; none: the newest.")
]


def page_document(page: Page[Row], document: Callable[[Row], Any]) -> dict[str, Any]:
    """Return a page of what is traded as JSON values."""
    end = page.end
    cursor = None if end is None else encoded([end.at.isoformat(), end.key])
    return {"items": [document(row) for row in page.rows], "next": cursor}


def traded_cursor(after: str | None) -> Cursor | None:
    """Return the cursor of a page of what is traded.

    Raises:
        Problem: it is none.
    """
    if after is None:
        return None
    at, key = decoded(after, count=2)
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise _no_cursor()
    return Cursor(instant, key)


def encoded(parts: Sequence[str]) -> str:
    """Return a cursor that holds these texts."""
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


def decoded(cursor: str, *, count: int) -> list[str]:
    """Return the texts that a cursor holds.

    Raises:
        Problem: it is none of ours.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _no_cursor() from None
    texts = parts if isinstance(parts, list) else []
    if len(texts) != count or not all(isinstance(one, str) and "\0" not in one for one in texts):
        raise _no_cursor()
    return [str(one) for one in texts]


def _no_cursor() -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "query.after: give `next` of the page before")
