"""Elements of HTML and SVG. Text can only come in as text, so nothing in it is ever markup."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, tostring

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"}


def element(tag: str, *children: Element | str, **attributes: str | float) -> Element:
    """Return an element with its children; a string among them is text.

    Underscores in attribute names stand for hyphens, one at the end for nothing: `class_`,
    `stroke_width`. Numbers are written with one decimal at most.
    """
    made = Element(tag, {_name(name): _value(value) for name, value in attributes.items()})
    for child in children:
        if isinstance(child, str):
            _write(made, _printable(child))
        else:
            made.append(child)
    return made


def definitions(entries: Mapping[str, str]) -> Element:
    """Return a list of labels and what they stand for."""
    listed = element("dl")
    for label, text in entries.items():
        listed.extend([element("dt", label), element("dd", text)])
    return listed


def as_html(root: Element) -> str:
    """Return an element as HTML."""
    return tostring(root, encoding="unicode", method="html")


def as_xml(root: Element) -> str:
    """Return an element as XML."""
    return tostring(root, encoding="unicode")


def _write(made: Element, words: str) -> None:
    if len(made):
        made[-1].tail = (made[-1].tail or "") + words
    else:
        made.text = (made.text or "") + words


def _printable(words: str) -> str:
    return words.translate(CONTROL)


def _name(name: str) -> str:
    return name.removesuffix("_").replace("_", "-")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return _printable(value)
    return f"{value:.1f}".removesuffix(".0")
