"""A done set in memory."""


class InMemoryDoneSet:
    """Remembers marked symbols until told to forget."""

    def __init__(self):
        self._marked = {}

    def done(self, session):
        return frozenset(self._marked.get(session, ()))

    def mark(self, session, symbols):
        self._marked.setdefault(session, set()).update(symbols)

    def forget(self):
        """Lose everything, as a restarted Redis would."""
        self._marked.clear()
