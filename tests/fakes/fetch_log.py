"""What was asked of whom, in memory; held to the same suite as the log on Postgres."""

from dataclasses import replace


class InMemoryFetchLog:
    """Keeps one answer a family, source and subject, and each refused row once."""

    def __init__(self):
        self._fetches = {}
        self._refused = {}

    def fetches(self, family, source):
        return {
            subject: fetch
            for (of, by, subject), fetch in sorted(self._fetches.items())
            if (of, by) == (family, source)
        }

    def record(self, family, source, fetch):
        key = (family, source, fetch.subject)
        before = self._fetches.get(key, fetch)
        self._fetches[key] = replace(
            fetch,
            fetched_at=max(before.fetched_at, fetch.fetched_at),
            covers_from=_earliest(before.covers_from, fetch.covers_from),
        )

    def coverage(self, family):
        found = {}
        for (of, _, subject), fetch in sorted(self._fetches.items()):
            if of == family and fetch.covers_from is not None:
                found[subject] = _earliest(found.get(subject), fetch.covers_from)
        return found

    def refuse(self, family, source, rows, *, at):
        before = len(self._refused)
        for row in rows:
            key = (family, source, row.subject, row.reason, *sorted(row.received.items()))
            self._refused.setdefault(key, (at, len(self._refused), row))
        return len(self._refused) - before

    def refused(self, family, *, limit=None):
        kept = [entry for key, entry in self._refused.items() if key[0] == family]
        return [row for _, _, row in sorted(kept, key=lambda one: one[:2], reverse=True)][:limit]


def _earliest(*days):
    return min((day for day in days if day is not None), default=None)
