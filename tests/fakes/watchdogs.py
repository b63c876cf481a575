"""What watchdogs tell and look at, in memory."""

from alpha_oracle.errors import StoreUnavailable, TransientError
from alpha_oracle.ports.watchdogs import SessionRun


class InMemoryWatchRecord:
    """`WatchRecord` in memory; `told` is what was announced, `runs` the sessions' runs."""

    def __init__(self):
        self.told = {}
        self.runs = {}
        self.is_away = False

    @property
    def alerts(self):
        """The types and subjects of what was announced, in order."""
        return [(alert.type, alert.subject) for alert in self.told.values()]

    def open_occurrence(self, subject):
        self._require()
        states = [key[1:] for key in self.told if key[0] == subject]
        return states[-1][0] if states and states[-1][1] == "told" else None

    def announce(self, subject, occurrence, alert, *, at):
        self._write(subject, occurrence, "told", alert)

    def close(self, subject, occurrence, alert, *, at):
        self._write(subject, occurrence, "over", alert)

    def session_run(self, session):
        self._require()
        nothing = SessionRun(
            session=session, status=None, error=None, started_at=None, first_ever_at=None
        )
        return self.runs.get(session, nothing)

    def _write(self, *key_and_alert):
        self._require()
        *key, alert = key_and_alert
        self.told.setdefault(tuple(key), alert)

    def _require(self):
        if self.is_away:
            raise StoreUnavailable("the record is away; repeat it")


class ScriptedFlowRuns:
    """`FlowRuns` that answers what a test says; `is_away` while it does not answer at all."""

    def __init__(self):
        self.is_away = False
        self.runs = []
        self.workers = 1
        self.automations = 0

    def require_health(self):
        if self.is_away:
            raise TransientError("Prefect does not answer")

    def running(self):
        self.require_health()
        return self.runs

    def workers_online(self, pool):
        self.require_health()
        return self.workers

    def ensure_automation(self):
        self.require_health()
        self.automations += 1
        return self.automations == 1
