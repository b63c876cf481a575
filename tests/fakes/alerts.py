"""A channel and a record of alerts in memory."""

from dataclasses import dataclass, field, replace

from alpha_oracle.domain.alerts import RANK, PendingAlert
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.events import AnnouncedEvent


@dataclass
class FakeChannel:
    """Takes messages while it is up; the next ones may fail one by one."""

    is_up: bool = True
    refused: list = field(default_factory=list)
    texts: list = field(default_factory=list)

    def send(self, text):
        if not self.is_up or text in self.refused:
            return False
        self.texts.append(text)
        return True


@dataclass
class FakeAlerts:
    """`AlertRecord`: events are put in, alerts come out."""

    documents: list = field(default_factory=list)
    read: set = field(default_factory=set)
    alerts: dict = field(default_factory=dict)
    lasting: dict = field(default_factory=dict)
    is_away: bool = False

    def unread(self, *, limit):
        self._ask()
        return [
            AnnouncedEvent(number=number, channel="risk", document=document)
            for number, document in enumerate(self.documents, start=1)
            if number not in self.read
        ][:limit]

    def episodes(self):
        self._ask()
        return dict(self.lasting)

    def keep(self, alerts, *, changed, gone, read, at):
        self._ask()
        for alert in alerts:
            self.alerts.setdefault(alert.cause, alert)
        for episode in changed:
            known = self.lasting.get(episode.key, episode)
            is_known_of = known.acknowledged_by and known.severity == episode.severity
            by = known.acknowledged_by if is_known_of else episode.acknowledged_by
            self.lasting[episode.key] = replace(episode, acknowledged_by=by)
        for key in gone:
            self.lasting.pop(key, None)
        self.read |= set(read)

    def acknowledge(self, key, *, by, at):
        keys = [
            one.key
            for one in self.lasting.values()
            if not one.acknowledged_by and key in (None, one.key)
        ]
        for one in keys:
            self.lasting[one] = replace(self.lasting[one], acknowledged_by=by)
        return sorted(keys)

    @property
    def texts(self):
        return [alert.text for alert in self.alerts.values()]

    def _ask(self):
        if self.is_away:
            raise StoreUnavailable("Postgres cannot be reached")


@dataclass
class FakeDeliveries:
    """`Deliveries` of one channel; `marks_refused` marks are lost with the store."""

    alerts: dict = field(default_factory=dict)
    attempts: dict = field(default_factory=dict)
    delivered: list = field(default_factory=list)
    marks_refused: int = 0

    def add(self, *alerts):
        for alert in alerts:
            self.alerts[alert.alert_id] = alert

    def pending(self, *, limit):
        waiting = [one for number, one in self.alerts.items() if number not in self.delivered]
        tried = [replace(one, attempts=self.attempts.get(one.alert_id, 0)) for one in waiting]
        return sorted(tried, key=_order)[:limit]

    def mark(self, alert_ids, *, is_delivered, at):
        if self.marks_refused:
            self.marks_refused -= 1
            raise StoreUnavailable("Postgres cannot be reached")
        for number in alert_ids:
            self.attempts[number] = self.attempts.get(number, 0) + 1
        if is_delivered:
            self.delivered += alert_ids


def _order(pending: PendingAlert):
    return pending.attempts, -RANK[pending.severity], pending.alert_id
