"""A bar source that notes what it is asked for, and can hold back or fail."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class AskedSource:
    """Answers from the generated market, but for the symbols withheld; raises what is due first."""

    source: Any
    withheld: frozenset[str] = frozenset()
    failures: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def name(self):
        return self.source.name

    @property
    def basis(self):
        return self.source.basis

    def plan(self, symbols, *, start, end):
        return self.source.plan(symbols, start=start, end=end)

    def symbols(self, session):
        return self.source.symbols(session)

    def fetch(self, symbols, *, start, end):
        self.asked += symbols
        if self.failures:
            raise self.failures.pop(0)
        given = [symbol for symbol in symbols if symbol not in self.withheld]
        return self.source.fetch(given, start=start, end=end)
