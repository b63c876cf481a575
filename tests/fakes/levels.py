"""Index levels in memory, held to the same suite as the store on Postgres."""

from tests.fakes import revisions


class InMemoryLevels:
    """Keeps every revision of a level."""

    def __init__(self):
        self.versions = {}

    def store(self, levels, *, source, received_at):
        return revisions.store(
            self.versions,
            levels,
            key=lambda one: (one.series, one.session),
            received_at=received_at,
        )

    def last(self, series):
        return max((session for of, session in self.versions if of == series), default=None)

    def load(self, series, *, start, end, as_of):
        return tuple(
            [level for level in known if level.known_at <= as_of][-1]
            for (of, session), known in sorted(self.versions.items())
            if of == series and start <= session <= end and known[0].known_at <= as_of
        )
