"""A quarantine in memory."""

from dataclasses import replace


class InMemoryQuarantine:
    """Keeps held bars in the order they came; remembers each resolution as its audit entry."""

    def __init__(self):
        self._bars = {}
        self.resolutions = []

    def hold(self, bars):
        new = 0
        for bar in bars:
            key = _key(bar)
            known = self._bars.get(key)
            if known is None:
                self._bars[key] = replace(bar, quarantine_id=len(self._bars) + 1)
                new += 1
            elif known.status != "held":
                self._bars[key] = replace(bar, quarantine_id=known.quarantine_id)
                new += 1
        return new

    def held(self, *, symbols=None, session=None):
        found = [
            bar
            for bar in self._bars.values()
            if bar.status == "held"
            and (symbols is None or bar.symbol in symbols)
            and (session is None or bar.session == session.isoformat())
        ]
        return sorted(found, key=lambda bar: (bar.symbol, bar.session, bar.quarantine_id))

    def resolve(self, quarantine_ids, *, status, actor, reason, at):
        resolved = 0
        for key, bar in self._bars.items():
            if bar.quarantine_id in quarantine_ids and bar.status == "held":
                self._bars[key] = replace(bar, status=status)
                self.resolutions.append((bar.symbol, bar.session, status, actor, reason, at))
                resolved += 1
        return resolved


def _key(bar):
    return bar.symbol, bar.session, bar.source, tuple(sorted(bar.received.items()))
