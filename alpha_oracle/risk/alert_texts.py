"""What people read of an event: how bad, what, what was measured against which bound, what to do.

An event that needs nobody has no text.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2s
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle import calendar
from alpha_oracle.domain.alerts import APPROVAL, Notice
from alpha_oracle.domain.risk import Severity
from alpha_oracle.risk.alert_advice import next_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KILL_SWITCH: Final = "kill_switch"
WELL_AGAIN: Final = "well_again"
"""The type of alerts that end those about the same subject."""

REJECTED: Final = "order_rejected"
UNREADABLE: Final = "unreadable_event"
SHOWN: Final = 500
"""Characters of a reason, or of an event that nobody can read, that are told."""

_NUMBERS: Final = re.compile(r"[-+]?\d[\d.,:]*")
_OPERATOR: Final = "operator"


def notice_of(document: Mapping[str, Any]) -> Notice | None:
    """Return what people are told of an announced event; None: nothing.

    Raises:
        KeyError, TypeError, ValueError: it is not what its name says.
    """
    tell = _TELL.get(document["event"])
    return None if tell is None else tell(document)


def unreadable(document: str, *, at: datetime) -> Notice:
    """Return what people are told of an event that nobody can read."""
    what = f"an announced event cannot be read: {document[:SHOWN]}"
    text = _text(Severity.WARNING, UNREADABLE, what, advice=next_step(UNREADABLE), at=at)
    return Notice(type=UNREADABLE, subject="", severity=Severity.WARNING, text=text, at=at)


def _alert(document: Mapping[str, Any]) -> Notice:
    kind, message = str(document["type"]), str(document["message"])
    severity, at = Severity(document["severity"]), _instant(document)
    is_over = kind == WELL_AGAIN
    text = _text(
        None if is_over else severity,
        kind,
        message,
        measured=_measured(document),
        advice="" if is_over else next_step(kind),
        at=at,
    )
    return Notice(
        type=kind,
        subject=str(document.get("subject") or _shape_of(message)),
        severity=None if is_over else severity,
        text=text,
        at=at,
        is_over=is_over,
    )


def _breaker(document: Mapping[str, Any]) -> Notice:
    kind, reason, at = str(document["breaker"]), str(document["reason"]), _instant(document)
    text = _text(
        Severity.HIGH,
        kind,
        f"the circuit breaker {kind} has tripped and halts entries: {reason}",
        measured=_measured(document),
        advice=next_step(kind),
        at=at,
    )
    return Notice(
        type=kind,
        subject=_shape_of(reason),
        severity=Severity.HIGH,
        text=text,
        at=at,
        # The alert of the same measurement says so too.
        is_echo=True,
    )


def _killed(document: Mapping[str, Any]) -> Notice:
    by, reason, at = document["by"], document["reason"], _instant(document)
    text = _text(
        Severity.HIGH,
        KILL_SWITCH,
        f"the kill switch was activated by {by}: {reason or 'no reason given'}. Nothing is sent "
        "any more and what works at the broker is cancelled",
        advice=next_step(KILL_SWITCH),
        at=at,
    )
    return Notice(type=KILL_SWITCH, subject=KILL_SWITCH, severity=Severity.HIGH, text=text, at=at)


def _resumed(document: Mapping[str, Any]) -> Notice:
    at = _instant(document)
    what = f"trading was resumed by {document['by']}: the kill switch is off"
    text = _text(None, KILL_SWITCH, what, at=at)
    return Notice(
        type=KILL_SWITCH, subject=KILL_SWITCH, severity=None, text=text, at=at, is_over=True
    )


def _rejected(document: Mapping[str, Any]) -> Notice | None:
    by, at = str(document["refused_by"]), _instant(document)
    if by == _OPERATOR:
        # Who did it knows.
        return None
    reason = str(document["reason"])[:SHOWN]
    text = _text(
        Severity.WARNING,
        REJECTED,
        f"{_order(document)} was refused by {_REFUSERS.get(by, by)}: {reason}",
        advice=next_step(f"{REJECTED}:{by}"),
        at=at,
        is_simulated=document["simulated"],
    )
    # A halt refuses everything: that is one piece of news. What a broker refuses is each its own.
    subject = "risk" if by == "risk" else f"{by} {document['symbol']}"
    return Notice(type=REJECTED, subject=subject, severity=Severity.WARNING, text=text, at=at)


def _approval(document: Mapping[str, Any]) -> Notice:
    order_id, at = str(document["order_id"]), _instant(document)
    text = _text(
        Severity.WARNING,
        APPROVAL,
        f"{_order(document)} waits for a human: {str(document['reason'])[:SHOWN]}",
        advice=f"`alpha-oracle approvals approve {order_id}` checks it anew and sends it, "
        f"`alpha-oracle approvals reject {order_id}` drops it; it expires by itself",
        at=at,
        is_simulated=document["simulated"],
    )
    return Notice(
        type=APPROVAL, subject=order_id, severity=Severity.WARNING, text=text, at=at, is_once=True
    )


_REFUSERS: Final = {"risk": "the risk checks", "broker": "the broker", "system": "the system"}
_TELL: Final[Mapping[str, Callable[[Mapping[str, Any]], Notice | None]]] = {
    "risk:alert": _alert,
    "risk:circuit_breaker": _breaker,
    "kill_switch:activated": _killed,
    "kill_switch:deactivated": _resumed,
    "order:rejected": _rejected,
    "order:approval_required": _approval,
}


def _text(
    severity: Severity | None,
    kind: str,
    what: str,
    *,
    at: datetime,
    measured: str = "",
    advice: str = "",
    is_simulated: bool = False,
) -> str:
    grade = "Info" if severity is None else _GRADES[severity]
    lines = [f"{grade}: {kind.replace('_', ' ')}", what]
    lines += [measured] if measured else []
    lines += [f"Next: {advice}"] if advice else []
    when = f"{at.astimezone(calendar.NEW_YORK):%Y-%m-%d %H:%M:%S} New York"
    lines.append(f"{when}{', simulated' if is_simulated else ''}")
    return "\n".join(lines)


_GRADES: Final = {
    Severity.CRITICAL: "CRITICAL",
    Severity.HIGH: "HIGH",
    Severity.WARNING: "Warning",
}


def _measured(document: Mapping[str, Any]) -> str:
    value, threshold = document["value"], document["threshold"]
    if value is None and threshold is None:
        return ""
    bound = "" if threshold is None else f", bound {threshold:g}"
    return f"Measured: {'unknown' if value is None else f'{value:g}'}{bound}"


def _order(document: Mapping[str, Any]) -> str:
    quantity = document["quantity"]
    shares = "" if quantity is None else f" {quantity}"
    which = document["order_id"] or f"signal {document['signal_id']}"
    side = document["side"]
    return f"{side}{shares} {document['symbol']} ({document['strategy']}, {which})"


def _instant(document: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(document["timestamp"])


def _shape_of(message: str) -> str:
    # The same words with other numbers are the same news; those about another order are not.
    return blake2s(_NUMBERS.sub("#", message).encode(), digest_size=4).hexdigest()
