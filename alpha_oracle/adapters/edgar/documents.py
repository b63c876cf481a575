"""JSON of EDGAR, as far as it can be believed: objects with the fields we ask for."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from alpha_oracle.errors import DataError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def parse_object(body: bytes, *, what: str) -> Mapping[str, object]:
    """Return the object that a body is.

    Raises:
        SourceAway: it ends in the middle, or is a page for people.
        DataError: it is no JSON object.
    """
    text = body.strip()
    if text.startswith(b"<"):
        raise SourceAway(f"EDGAR sent a page in place of {what}; ask again later")
    if not text.endswith(b"}"):
        raise SourceAway(f"EDGAR broke off {what} in the middle; ask again later")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"EDGAR's {what} cannot be read: {error}") from None
    return object_of(document, what=what)


def object_of(value: object, *, what: str) -> Mapping[str, object]:
    """Return a value that must be an object.

    Raises:
        DataError: it is none.
    """
    if not isinstance(value, dict):
        raise DataError(f"EDGAR's {what} is no object but {str(value)[:60]!r}")
    return value


def list_of(value: object, *, what: str) -> Sequence[object]:
    """Return a value that must be a list.

    Raises:
        DataError: it is none.
    """
    if not isinstance(value, list):
        raise DataError(f"EDGAR's {what} is no list but {str(value)[:60]!r}")
    return value


def day_of(value: object) -> date:
    """Return a day written as `2024-03-31`.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"no day but {str(value)[:60]!r}")  # noqa: TRY004 - one error for a bad row.
    return date.fromisoformat(value)
