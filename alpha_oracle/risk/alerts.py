"""Who is told what, and how often: news once, what comes again as a number, what lasts anew.

Deciders first; `AlertManager` reads what happened, lets them decide, and puts what is to be told on
record before any of it is read for good. Channels deliver from there, so that nothing is lost with
a process, a store or a channel.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.alerts import RANK, Alert, Episode
from alpha_oracle.domain.risk import Severity
from alpha_oracle.risk.alert_texts import notice_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from alpha_oracle.domain.alerts import Notice, Pacing
    from alpha_oracle.ports.alerts import AlertRecord
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.events import AnnouncedEvent

MOST_READ: Final = 500
LONGEST_REPEAT: Final = timedelta(days=1)
LEEWAY: Final = timedelta(minutes=1)
"""What was told from further ahead than this is of another time: a rehearsal's, or a clock's that
was put back. It keeps no news of now from being told."""
MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What becomes of news: the episode after it, if any, and what people are told, if anything."""

    episode: Episode | None
    text: str = ""


def hear(notice: Notice, known: Episode | None, *, now: datetime) -> Heard:
    """Return what becomes of a notice, `known` being the episode of the same news.

    What is new, or worse than what people were told, is told; else it is counted. What they were
    told at another time counts for nothing.
    """
    if notice.is_once or notice.is_over:
        return Heard(episode=known, text=notice.text)
    if known is None:
        return Heard(episode=_begun(notice, now), text=notice.text)
    if RANK[notice.severity] > RANK[known.severity] or known.told_at > now + LEEWAY:
        worse = replace(_again(known, notice), told_at=now, acknowledged_by="")
        return Heard(episode=worse, text=notice.text)
    if notice.is_echo:
        return Heard(episode=known)
    again = _again(known, notice)
    return Heard(episode=replace(again, untold=known.untold + 1))


def look_back(episode: Episode, *, lasts: bool | None, pacing: Pacing, now: datetime) -> Heard:
    """Return what becomes of an episode whose window has ended; `lasts` None: nobody can tell.

    What came again is told as a number. What is critical or high is told again, at growing
    intervals, until somebody acknowledges it or it is known to be over; what lasts though it was
    acknowledged, once a day.
    """
    if lasts is False and RANK[episode.severity] >= RANK[Severity.HIGH]:
        return Heard(episode=None, text=_over(episode))
    if episode.untold:
        told = replace(episode, told_at=now, untold=0)
        return Heard(episode=told, text=_counted(episode))
    interval = _repeat_after(episode, lasts=lasts, pacing=pacing)
    if interval is None:
        return Heard(episode=None)
    if _since_told(episode, now) < interval:
        return Heard(episode=episode)
    reminded = replace(episode, told_at=now, reminders=episode.reminders + 1)
    return Heard(episode=reminded, text=_reminder(episode))


class AlertManager:
    """Turns what is announced into what people are told. For one thread.

    `lasts` tells whether what an episode is about is still so; `on_critical` is called with the
    text of each critical alert before that alert counts as read, and may raise.
    """

    def __init__(
        self,
        record: AlertRecord,
        clock: Clock,
        *,
        pacing: Pacing,
        lasts: Callable[[Episode], bool | None],
        on_critical: Callable[[Notice], None],
    ) -> None:
        self._record = record
        self._clock = clock
        self._pacing = pacing
        self._lasts = lasts
        self._on_critical = on_critical

    def look(self) -> None:
        """Tell what happened since, and what comes again or lasts.

        Raises:
            StoreUnavailable: the rest is told later.
        """
        self.take_in()
        self.remind()

    def take_in(self) -> int:
        """Read what was announced since; return how much that was.

        Raises:
            StoreUnavailable: nothing of it was read for good.
        """
        events = self._record.unread(limit=MOST_READ)
        if not events:
            return 0
        now = self._clock.now()
        before = self._record.episodes()
        after, alerts = dict(before), list[Alert]()
        for event in events:
            notice = _notice_of(event, now=now)
            if notice is None:
                continue
            if notice.severity is Severity.CRITICAL:
                self._on_critical(notice)
            alerts += _told(notice, after, cause=f"event:{event.number}", now=now)
        self._record.keep(
            alerts,
            changed=_changed(before, after),
            gone=[key for key in before if key not in after],
            read=[event.number for event in events],
            at=now,
        )
        return len(events)

    def remind(self) -> int:
        """Tell what came again, and what lasts; return how many alerts that were.

        Raises:
            StoreUnavailable: it is told later.
        """
        now = self._clock.now()
        before = self._record.episodes()
        after, alerts = dict(before), list[Alert]()
        for key, episode in before.items():
            if _since_told(episode, now) < self._pacing.window:
                continue
            lasts = self._lasts(episode)
            heard = look_back(episode, lasts=lasts, pacing=self._pacing, now=now)
            if heard.episode is None:
                del after[key]
            else:
                after[key] = heard.episode
            if heard.text:
                cause = f"again:{key}:{now.isoformat()}"
                alerts.append(_alert(cause, episode.type, episode.severity, heard.text, now))
        changed = _changed(before, after)
        gone = [key for key in before if key not in after]
        if changed or gone:
            self._record.keep(alerts, changed=changed, gone=gone, read=(), at=now)
        return len(alerts)


def _told(
    notice: Notice, episodes: dict[str, Episode], *, cause: str, now: datetime
) -> list[Alert]:
    heard = hear(notice, episodes.get(notice.key), now=now)
    if heard.episode is not None:
        episodes[notice.key] = heard.episode
    if notice.is_over:
        for key in [key for key, one in episodes.items() if one.subject == notice.subject]:
            del episodes[key]
    if not heard.text:
        return []
    return [_alert(cause, notice.type, notice.severity, heard.text, notice.at)]


def _notice_of(event: AnnouncedEvent, *, now: datetime) -> Notice | None:
    try:
        return notice_of(json.loads(event.document))
    except (KeyError, TypeError, ValueError, AttributeError):
        # One that nobody can read must not hold up those behind it.
        return unreadable(event.document, at=now)


def _changed(before: Mapping[str, Episode], after: Mapping[str, Episode]) -> list[Episode]:
    return [one for key, one in after.items() if before.get(key) != one]


def _alert(cause: str, kind: str, severity: Severity | None, text: str, at: datetime) -> Alert:
    return Alert(cause=cause, type=kind, severity=severity, text=text, at=at)


def _begun(notice: Notice, now: datetime) -> Episode:
    return Episode(
        key=notice.key,
        type=notice.type,
        subject=notice.subject,
        severity=notice.severity,
        text=notice.text,
        began_at=notice.at,
        told_at=now,
    )


def _again(known: Episode, notice: Notice) -> Episode:
    worst = max(known.severity, notice.severity, key=RANK.__getitem__)
    return replace(known, severity=worst, text=notice.text, times=known.times + 1)


def _since_told(episode: Episode, now: datetime) -> timedelta:
    since = now - episode.told_at
    return since if since >= -LEEWAY else LONGEST_REPEAT


def _repeat_after(episode: Episode, *, lasts: bool | None, pacing: Pacing) -> timedelta | None:
    interval = None if episode.severity is None else pacing.repeats.get(episode.severity)
    if interval is None:
        return None
    if episode.acknowledged_by:
        return LONGEST_REPEAT if lasts else None
    return min(interval * (1 << min(episode.reminders, MOST_DOUBLINGS)), LONGEST_REPEAT)


def _over(episode: Episode) -> str:
    return f"Over: {_headline(episode)}\nIt began {_clock_text(episode.began_at)}."


def _counted(episode: Episode) -> str:
    times = "once more" if episode.untold == 1 else f"{episode.untold} times more"
    since = _clock_text(episode.told_at)
    return f"Again, {times} since {since}; the latest:\n{episode.text}"


def _reminder(episode: Episode) -> str:
    if episode.acknowledged_by:
        state = f"acknowledged by {episode.acknowledged_by}, and still so"
    else:
        state = (
            "not acknowledged; `alpha-oracle alerts acknowledge "
            f"'{episode.key}'` ends these reminders"
        )
    began = _clock_text(episode.began_at)
    return f"Still open since {began} ({state}):\n{episode.text}"


def _headline(episode: Episode) -> str:
    return episode.text.partition("\n")[0]


def _clock_text(instant: datetime) -> str:
    return f"{instant.astimezone(calendar.NEW_YORK):%Y-%m-%d %H:%M} New York"
