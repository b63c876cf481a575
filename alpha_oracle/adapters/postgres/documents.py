"""Values on their way into text and JSON columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_json(document: Mapping[str, object]) -> str:
    """Return a document as JSON.

    Raises:
        ValueError: a number in it is NaN or infinite, which JSON cannot say.
        TypeError: something in it is no JSON value.
    """
    return json.dumps(dict(document), allow_nan=False)


def storable(text: str) -> str:
    """Return a text that Postgres can keep: NUL and half characters are written as escapes."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
