"""What sources of bars remember together, in memory; held to the same suite as the stores."""

import threading
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alpha_oracle.errors import BudgetSpent, LeaseTaken, StoreUnavailable
from alpha_oracle.ports.requests import KeptAnswer
from tests.fakes.clock import FixedClock

NEW_YORK = ZoneInfo("America/New_York")
WINDOW = timedelta(seconds=61)


class InMemoryRequestLedger:
    """Counts by a clock that the test moves; `requested` holds the times counted, by account."""

    def __init__(self, clock=None):
        self.clock = clock or FixedClock()
        self.requested = {}
        self._closed = set()
        self._guard = threading.Lock()

    def reserve(self, account, limits):
        with self._guard:
            spent, per_day = self.spent_today(account), limits.per_day
            if (per_day is not None and spent >= per_day) or self.is_day_closed(account):
                raise BudgetSpent(self._told(account.partition(":")[0], spent, per_day))
            # One look at the clock: it may move by itself.
            now = self.clock.now()
            wait = (self._free_at(account, limits, now=now) - now).total_seconds()
            if wait <= 0.0:
                self.requested[account].append(now)
            return max(wait, 0.0)

    def spent_today(self, account):
        today = _day(self.clock.now())
        return sum(_day(at) == today for at in self.requested.setdefault(account, []))

    def close_day(self, account):
        now = self.clock.now()
        counted = [at for at in self.requested.get(account, []) if at <= now]
        moments = [*counted, now - timedelta(minutes=10)]
        self._closed.add((account, _day(max(moments))))

    def is_day_closed(self, account):
        return (account, _day(self.clock.now())) in self._closed

    def _free_at(self, account, limits, *, now):
        times = sorted(at for at in self.requested[account] if at <= now + WINDOW)
        apart = timedelta(seconds=min(1.0, 60.0 / limits.per_minute))
        free = [now, *(at + apart for at in times[-1:])]
        if len(times) >= limits.per_minute:
            free.append(times[-limits.per_minute] + WINDOW)
        return max(free)

    def _told(self, vendor, spent, per_day):
        tomorrow = _day(self.clock.now()) + timedelta(days=1)
        ends = datetime.combine(tomorrow, time(), NEW_YORK).astimezone(ZoneInfo("UTC"))
        return (
            f"today's requests to {vendor} are used up ({spent} of {per_day} requests were "
            f"counted); its day ends at {ends:%Y-%m-%d %H:%M} UTC"
        )


class InMemoryAnswerSpool:
    """Keeps answers for two days by a clock that the test moves."""

    def __init__(self, clock=None):
        self.clock = clock or FixedClock()
        self._answers = {}

    def keep(self, account, request, body):
        self._answers[account, request] = bytes(body), self.clock.now()

    def kept(self, account, requests):
        found = {
            request: KeptAnswer(body=body, age=self.clock.now() - received_at)
            for (of, request), (body, received_at) in self._answers.items()
            if of == account and request in requests
        }
        kept_for = timedelta(days=2)
        return {
            request: answer
            for request, answer in found.items()
            if timedelta(0) <= answer.age <= kept_for
        }


class InMemoryCapabilities:
    """Keeps what trials found for 30 days by a clock that the test moves."""

    def __init__(self, clock=None):
        self.clock = clock or FixedClock()
        self._found = {}

    def found(self, account, capability):
        allowed, at = self._found.get((account, capability), (None, self.clock.now()))
        return allowed if at >= self.clock.now() - timedelta(days=30) else None

    def record(self, account, capability, *, allowed):
        self._found[account, capability] = (allowed, self.clock.now())


class InMemoryListings:
    """Keeps listings in the order in which they were last seen."""

    def __init__(self):
        self._seen = {}

    def listings(self, source, symbols):
        return {
            symbol: listing
            for (by, symbol, _), listing in self._seen.items()
            if by == source and symbol in symbols
        }

    def symbols_of(self, source, vendor_ids):
        return {
            vendor_id: symbol
            for by, symbol, vendor_id in self._seen
            if by == source and vendor_id in vendor_ids
        }

    def record(self, source, listings):
        for symbol, listing in listings.items():
            key = (source, symbol, listing.vendor_id)
            self._seen.pop(key, None)
            self._seen[key] = listing


class InMemoryLeases:
    """Leases between the threads of a test; `lose` cuts all that are held."""

    def __init__(self):
        self._held = {}
        self._changed = threading.Condition()

    @contextmanager
    def held(self, name, *, wait_seconds):
        mine = object()
        with self._changed:
            if not self._changed.wait_for(lambda: name not in self._held, wait_seconds):
                raise LeaseTaken(f"{name} is in use by another (waited {wait_seconds:g} s)")
            self._held[name] = mine
        was_held = False
        try:
            yield
        finally:
            with self._changed:
                was_held = self._held.get(name) is mine
                if was_held:
                    del self._held[name]
                self._changed.notify_all()
        if not was_held:
            raise StoreUnavailable(f"the lease on {name} was lost")

    def lose(self):
        """Free every lease without its holder's knowledge, as a restarted store would."""
        with self._changed:
            self._held.clear()
            self._changed.notify_all()


def _day(moment):
    return moment.astimezone(NEW_YORK).date()
