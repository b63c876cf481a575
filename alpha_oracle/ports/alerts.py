"""How a person is told, and what of it must outlive every process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.domain.alerts import Alert, Episode, PendingAlert
    from alpha_oracle.ports.events import AnnouncedEvent


class AlertChannel(Protocol):
    """Somewhere a person reads."""

    def send(self, text: str) -> bool:
        """Post a message; return whether it was delivered. Never raises."""
        ...


class AlertRecord(Protocol):
    """What happened and was not read yet, what people are told, and who has delivered it.

    Raises:
        StoreUnavailable: each method, where it cannot be reached; nothing was changed.
    """

    def unread(self, *, limit: int) -> list[AnnouncedEvent]:
        """Return the oldest events that were not read, relayed or not."""
        ...

    def episodes(self) -> dict[str, Episode]:
        """Return all that lasts, by key."""
        ...

    def keep(
        self,
        alerts: Sequence[Alert],
        *,
        changed: Sequence[Episode],
        gone: Sequence[str],
        read: Sequence[int],
        at: datetime,
    ) -> None:
        """Put alerts on record, for each channel to deliver, with the events they tell of as read.

        An alert whose cause is on record is not repeated. Somebody's word on an episode stays.
        """
        ...

    def acknowledge(self, key: str | None, *, by: str, at: datetime) -> list[str]:
        """Put on record, audited, that somebody knows of what lasts; None: of all of it.

        Return the keys.
        """
        ...


class Deliveries(Protocol):
    """What one channel has to deliver.

    Raises:
        StoreUnavailable: each method, where it cannot be reached.
    """

    def pending(self, *, limit: int) -> list[PendingAlert]:
        """Return what is not delivered: the least tried first, then the worst, then the oldest."""
        ...

    def mark(self, alert_ids: Sequence[int], *, is_delivered: bool, at: datetime) -> None:
        """Put an attempt on record."""
        ...


class DeliveryReport(Protocol):
    """Where an alert is put on record that was told already."""

    def report(self, alert: Alert, outcomes: Mapping[str, bool], *, at: datetime) -> None:
        """Put it on record; channels that failed deliver it later."""
        ...
