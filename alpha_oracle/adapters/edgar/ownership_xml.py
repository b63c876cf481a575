"""Elements of ownership documents: small, without a DOCTYPE, and read as what the schema says."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

MAX_XML_CHARACTERS: Final = 8 * 1024 * 1024

_ROOT: Final = "ownershipDocument"
# Whatever begins so, but for a comment or a section of plain text, declares something.
_DECLARATION: Final = re.compile(r"<!(?!--|\[CDATA\[)")
_FIRST_LINE: Final = re.compile(r"\s*<\?xml[^>]*\?>")
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_BOOLEANS: Final[Mapping[str, bool]] = {
    "1": True, "true": True, "0": False, "false": False, "": False,
}  # fmt: skip


def parse_root(text: str) -> Element:
    """Return the root of an ownership document.

    Raises:
        DataError: it is none, declares a DOCTYPE, or is larger than any.
    """
    if len(text) > MAX_XML_CHARACTERS:
        raise DataError(f"the document is longer than {MAX_XML_CHARACTERS:,} characters")
    if _DECLARATION.search(text):
        raise DataError("the document declares a DOCTYPE or entities, as none of EDGAR's does")
    try:
        # The declaration of an encoding is void: the text is decoded already.
        root = ET.fromstring(_FIRST_LINE.sub("", text, count=1).strip())  # noqa: S314 - it declares nothing.
    except ET.ParseError as error:
        raise DataError(f"the document is no XML: {error}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != _ROOT:
        raise DataError(f"the document is a {root.tag[:40]!r}, no {_ROOT}")
    return root


def text_of(element: Element, path: str) -> str:
    """Return the text at a path, trimmed; empty where there is none."""
    return (element.findtext(path) or "").strip()


def flag_of(element: Element, path: str) -> bool:
    """Return whether a box is ticked; one that is not there is not.

    Raises:
        ValueError: it is neither ticked nor empty.
    """
    text = text_of(element, path)
    if text.lower() not in _BOOLEANS:
        raise ValueError(f"{path} is {text[:40]!r}, neither true nor false")
    return _BOOLEANS[text.lower()]


def optional_day_of(element: Element, path: str) -> date | None:
    """Return the day at a path, its zone left out; None where there is none.

    Raises:
        ValueError: it is no day.
    """
    text = text_of(element, path)
    if not text:
        return None
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(f"{path} is {text[:40]!r}, no day")
    return date.fromisoformat(found[1])


def day_of(element: Element, path: str) -> date:
    """Return the day at a path, its zone left out.

    Raises:
        ValueError: there is none.
    """
    day = optional_day_of(element, path)
    if day is None:
        raise ValueError(f"{path} is missing")
    return day


def optional_number_of(element: Element, path: str) -> float | None:
    """Return the number at a path; None where there is none, or a footnote in its place.

    Raises:
        ValueError: it is no number.
    """
    text = text_of(element, path)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{path} is {text[:40]!r}, no number")
    return float(text)


def number_of(element: Element, path: str) -> float:
    """Return the number at a path.

    Raises:
        ValueError: there is none.
    """
    number = optional_number_of(element, path)
    if number is None:
        raise ValueError(f"{path} is missing")
    return number


def choice_of(element: Element, path: str, choices: Mapping[str, bool]) -> bool:
    """Return what a letter at a path stands for.

    Raises:
        ValueError: it is none of them.
    """
    text = text_of(element, path)
    if text not in choices:
        raise ValueError(f"{path} is {text[:40]!r}, none of {', '.join(choices)}")
    return choices[text]
