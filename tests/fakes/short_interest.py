"""Short interest in memory, held to the same suite as the store on Postgres."""

from tests.fakes import revisions


class InMemoryShortInterest:
    """Keeps every revision of a position."""

    def __init__(self):
        self.versions = {}

    def store(self, positions, *, source, received_at):
        return revisions.store(
            self.versions,
            positions,
            key=lambda one: (one.symbol, one.settlement_date),
            received_at=received_at,
        )

    def settlements(self):
        return frozenset(settlement for _, settlement in self.versions)

    def load(self, *, as_of, symbols=None):
        return tuple(
            position
            for (symbol, _), known in sorted(self.versions.items())
            if symbols is None or symbol in symbols
            for position in known
            if position.known_at <= as_of
        )
