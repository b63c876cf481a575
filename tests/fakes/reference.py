"""Reference data in memory."""

from dataclasses import replace
from datetime import date
from operator import attrgetter


class InMemoryReference:
    """Members, sectors and corporate actions, with every value an action or a sector ever had.

    `_told` has assignments as [assignment, known from (None: its own day), told until (None: now)].
    """

    def __init__(self):
        self._members = []
        self._told = []
        self._actions = {}

    def save_members(self, members, *, at):
        changed = len(set(self._members) ^ set(members))
        self._members = list(members)
        return changed

    def members(self, session):
        return tuple(sorted(m.symbol for m in self._members if _covers(m, session)))

    def memberships(self, *, as_of=None):
        return sorted(self._members, key=lambda m: (m.symbol, m.start))

    def save_sectors(self, sectors, *, at):
        given = {(one.symbol, one.start): one for one in sectors}
        named = {one.symbol for one in sectors}
        changed = 0
        for entry in self._current():
            before = entry[0]
            now = given.get((before.symbol, before.start))
            if before.symbol not in named or now == before:
                continue
            changed += 1
            if now is not None and before.end is None and replace(before, end=now.end) == now:
                entry[0] = now
            else:
                entry[2] = at
                changed -= now is not None
        ever = {(one.symbol, one.start) for one, _, _ in self._told}
        there = {(entry[0].symbol, entry[0].start) for entry in self._current()}
        for key in given.keys() - there:
            self._told.append([given[key], at if key in ever else None, None])
            changed += 1
        return changed

    def sectors(self, session):
        assignments = sorted(self.sector_assignments(), key=_start)
        return {one.symbol: one.sector for one in assignments if _covers(one, session)}

    def sector_assignments(self, *, as_of=None):
        known = [
            one
            for one, known_at, until in self._told
            if (as_of is None and until is None)
            or (
                as_of is not None
                and (known_at is None or known_at <= as_of)
                and (until is None or until > as_of)
            )
        ]
        return sorted(sorted(known, key=_start), key=attrgetter("symbol"))

    def _current(self):
        return [entry for entry in self._told if entry[2] is None]

    def save_actions(self, actions, *, source, received_at):
        changed = 0
        for action in actions:
            revisions = self._actions.setdefault((action.symbol, action.ex_date, action.kind), [])
            if not revisions:
                revisions.append(action)
            elif revisions[-1].value != action.value:
                revisions.append(replace(action, known_at=received_at))
            else:
                continue
            changed += 1
        return changed

    def actions(self, *, as_of=None, symbols=None):
        found = []
        for (symbol, _, _), revisions in sorted(self._actions.items()):
            known = [action for action in revisions if as_of is None or action.known_at <= as_of]
            if known and (symbols is None or symbol in symbols):
                found.append(known[-1])
        return found


def _start(stay):
    return stay.start or date.min


def _covers(stay, session):
    after_start = stay.start is None or stay.start <= session
    return after_start and (stay.end is None or session < stay.end)
