"""A tear sheet, read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input", "base", "source"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self):
        parts = (child if isinstance(child, str) else child.text for child in self.children)
        return "".join(parts).replace("\N{NO-BREAK SPACE}", " ")

    def all(self, tag):
        """Every node of a tag below this one, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if child.tag == tag else []
                found += child.all(tag)
        return found

    def section(self, title):
        return next(one for one in self.all("section") if one.all("h2")[0].text == title)

    def rows(self):
        """The cells of each row of the first table, the header left out."""
        rows = self.all("tbody")[0].all("tr")
        return [[cell.text for cell in row.all("td")] for row in rows]


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.stack = [Node("document", {})]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.stack[-1].children.append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_endtag(self, tag):
        closed = self.stack.pop()
        assert closed.tag == tag

    def handle_data(self, data):
        self.stack[-1].children.append(data)


def read(page):
    """The document of a page; every element must be closed in its place."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.stack) == 1
    return reader.stack[0]
