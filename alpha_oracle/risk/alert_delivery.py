"""Delivering alerts to one channel: not too many at once, never none, again where it failed."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.alerts import PendingAlert
    from alpha_oracle.ports.alerts import AlertChannel, Deliveries
    from alpha_oracle.ports.clock import Clock

MOST_PENDING: Final = 1_000
NO_TIME: Final = timedelta(0)
MINUTE: Final = timedelta(minutes=1)
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=5)
MOST_DOUBLINGS: Final = 10
DIGEST_LENGTH: Final = 3_500
DIGEST_LINE: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message, and the alerts that it tells."""

    text: str
    alert_ids: tuple[int, ...]


def posts_of(pending: Sequence[PendingAlert], *, room: int, most: int) -> list[Post]:
    """Return the messages that tell what is pending, `room` of them, at most `most`.

    Where there are more alerts, the last message tells all the others in a line each. What is
    critical finds room always, and stands by itself as long as there are at most `most` of it.
    """
    critical = [one for one in pending if one.severity is Severity.CRITICAL][:most]
    alone = {one.alert_id for one in critical}
    others = [one for one in pending if one.alert_id not in alone]
    left = max(room, 0) - len(critical)
    if len(others) > left:
        shown, rest = others[: max(left - 1, 0)], others[max(left - 1, 0) :]
    else:
        shown, rest = others, []
    posts = [Post(text=one.text, alert_ids=(one.alert_id,)) for one in (*critical, *shown)]
    return [*posts, _digest(rest)] if rest and left > 0 else posts


class AlertDelivery:
    """Delivers to one channel what is on record for it. For one thread.

    A message that was posted, and not yet marked so when the process or the store died, is posted
    once more: better twice than never.
    """

    def __init__(
        self, channel: AlertChannel, deliveries: Deliveries, clock: Clock, *, most_per_minute: int
    ) -> None:
        self._channel = channel
        self._deliveries = deliveries
        self._clock = clock
        self._most = most_per_minute
        self._posted: deque[datetime] = deque()
        self._unmarked: list[int] = []
        self._failures = 0
        self._rests_until: datetime | None = None

    def deliver(self) -> int:
        """Post what is pending; return how many messages that were.

        After a failure the channel is left alone for a while, longer each time, and what failed
        comes after what was tried less often.

        Raises:
            StoreUnavailable: the rest is posted later; what was posted is not posted again.
        """
        self._mark_posted()
        now = self._clock.now()
        # A clock that was put back makes no pause longer.
        if self._rests_until is not None and NO_TIME < self._rests_until - now <= LONGEST_PAUSE:
            return 0
        pending = self._deliveries.pending(limit=MOST_PENDING)
        done = 0
        for post in posts_of(pending, room=self._room(now), most=self._most):
            if not self._deliver(post):
                break
            done += 1
        return done

    def _deliver(self, post: Post) -> bool:
        is_delivered = self._channel.send(post.text)
        now = self._clock.now()
        if is_delivered:
            self._posted.append(now)
            self._failures, self._rests_until = 0, None
            self._unmarked += post.alert_ids
            self._mark_posted()
            return True
        pause = FIRST_PAUSE * (1 << min(self._failures, MOST_DOUBLINGS))
        self._failures += 1
        self._rests_until = now + min(pause, LONGEST_PAUSE)
        self._deliveries.mark(post.alert_ids, is_delivered=False, at=now)
        return False

    def _mark_posted(self) -> None:
        if self._unmarked:
            self._deliveries.mark(self._unmarked, is_delivered=True, at=self._clock.now())
            self._unmarked.clear()

    def _room(self, now: datetime) -> int:
        while self._posted and not NO_TIME <= now - self._posted[0] < MINUTE:
            self._posted.popleft()
        return self._most - len(self._posted)


def _digest(alerts: Sequence[PendingAlert]) -> Post:
    grades = Counter("info" if one.severity is None else one.severity.value for one in alerts)
    counted = ", ".join(f"{count} {grade}" for grade, count in grades.most_common())
    lines = [f"And {len(alerts)} more ({counted}); `alpha-oracle alerts list` shows them all:"]
    length = len(lines[0])
    for alert in alerts:
        line = "- " + " | ".join(alert.text.splitlines()[:2])[:DIGEST_LINE]
        length += len(line) + 1
        if length > DIGEST_LENGTH:
            lines.append("...")
            break
        lines.append(line)
    return Post(text="\n".join(lines), alert_ids=tuple(one.alert_id for one in alerts))
