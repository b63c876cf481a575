"""What the page is built of: sections, figures with a caption, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.research.markup import element

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

TEXT_COLUMNS: Final = frozenset(
    {
        "Figure",
        "",
        "What it means",
        "Test window",
        "Parameters",
        "Symbol",
        "Bought",
        "Sold",
        "Sold because",
    }
)
COLOURED: Final = frozenset({"Return", "Profit, USD"})


def section(title: str, *parts: Element, said: str = "") -> Element:
    """Return a part of the page under its title; `said` is a line below that."""
    leading = [element("h2", title), *([element("p", said)] if said else [])]
    return element("section", *leading, *parts)


def captioned(caption: str, chart: Element) -> Element:
    """Return a drawing below its caption."""
    return element("figure", element("figcaption", caption), chart)


def absent(words_of_it: str) -> Element:
    """Return words in place of what there is none of."""
    return element("p", words_of_it, class_="none")


def table(columns: Sequence[str], rows: Sequence[Element]) -> Element:
    """Return a table that scrolls by itself where it is too wide."""
    names = [element("th", name, class_=_look(name)) for name in columns]
    whole = element("table", element("thead", element("tr", *names)), element("tbody", *rows))
    return element("div", whole, class_="scrolls")


def profit_row(columns: Sequence[str], cells: Sequence[str], *, profit: float) -> Element:
    """Return a row of cells, its profit coloured by sign."""
    sign = "gained" if profit >= 0 else "lost"
    return element(
        "tr",
        *(
            element("td", cell, class_=f"{_look(name)} {sign}" if name in COLOURED else _look(name))
            for name, cell in zip(columns, cells, strict=True)
        ),
    )


def _look(column: str) -> str:
    return "plain" if column in TEXT_COLUMNS else "number"
