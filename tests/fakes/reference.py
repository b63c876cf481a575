"""Reference data in memory."""

from dataclasses import replace


class InMemoryReference:
    """Members, sectors and corporate actions, with every value an action ever had."""

    def __init__(self):
        self._members = []
        self._sectors = {}
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
        by_symbol = {}
        for sector in sectors:
            by_symbol.setdefault(sector.symbol, []).append(sector)
        changed = sum(
            len(set(self._sectors.get(symbol, ())) ^ set(given))
            for symbol, given in by_symbol.items()
        )
        self._sectors.update(by_symbol)
        return changed

    def sectors(self, session):
        return {
            symbol: given.sector
            for symbol, all_given in self._sectors.items()
            for given in all_given
            if _covers(given, session)
        }

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


def _covers(stay, session):
    after_start = stay.start is None or stay.start <= session
    return after_start and (stay.end is None or session < stay.end)
