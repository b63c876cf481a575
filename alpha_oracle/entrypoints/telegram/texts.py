"""What the bot says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.trading_records import ApprovalStatus
from alpha_oracle.entrypoints.telegram.cards import moment

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.trading_records import Approval

HELP: Final = """\
/status: kill switch, equity, positions, breakers, what waits for approval, the last pipeline
/kill KILL reason: halt all trading and cancel every working order. KILL and a reason alone do too
/resume RESUME: let trading go on, once it has cooled down and book and broker agree
Orders that wait for approval come with buttons; an approved order passes every check again."""
ASK_KILL: Final = (
    "This halts all trading and cancels every working order. Type KILL and a reason, or "
    "/kill KILL reason. Nothing is done yet."
)
ASK_RESUME: Final = "This lets trading go on. Type RESUME, or /resume RESUME. Nothing is done yet."
UNKNOWN: Final = "Nothing is done: no such command. /help lists them."
NOT_TYPED: Final = "Nothing is done: type it yourself; what is forwarded does not count."
NOT_LISTED: Final = "Nothing is done: only listed operators may, in their own chat."
NOT_OURS: Final = "Nothing is done: this is no button of this installation's. It is on record."
TAKEN: Final = "This press was taken before."
ABSENT: Final = "Nothing is done: no such order ever waited."
FAILED: Final = (
    "That FAILED and may not be done; look into the log of the watch. To halt all trading: "
    "`alpha-oracle kill activate`, or stop the worker."
)
HELD_BACK: Final = (
    "The record cannot be reached, so NOTHING IS DONE YET; it is tried again until it can. A KILL "
    "is done however late, the rest within two minutes or not at all. A worker that cannot reach "
    "the record either sends nothing; to be sure, stop the worker."
)


def halted(line: str, *, sent_at: datetime | None, is_mirrored: bool) -> str:
    """Return what is said after a halt; `sent_at` is when it was asked, of one that comes late."""
    late = "" if sent_at is None else f" It was asked {moment(sent_at)}: late, done all the same."
    mirror = (
        ""
        if is_mirrored
        else (
            " Redis could not be told yet: while it cannot be read it counts as active, and "
            "the worker mends it."
        )
    )
    return f"ALL TRADING IS HALTED.{late}{mirror}\n{line}"


def refused(reason: str) -> str:
    """Return what is said when a change is not done."""
    return f"Nothing is done: {reason}"


def resumed(line: str) -> str:
    """Return what is said after a resume."""
    return f"Trading may go on.\n{line}"


def unsure(error: object) -> str:
    """Return what is said when nobody knows whether it was done."""
    return f"Not known to be done: {error}. Look at /status, then ask again."


def stale_resume(sent_at: datetime) -> str:
    """Return what is said of a resume that comes late."""
    return (
        f"Nothing is done: RESUME was asked {moment(sent_at)}, while nobody listened. "
        "Ask again if it still holds."
    )


def stale_press(what: str) -> str:
    """Return what is said of a press that may have come late."""
    return (
        f"Nothing is done: a press on {what} came while nobody listened, and may be old. "
        "Press again if it still holds."
    )


def decided(approval: Approval, *, is_ours: bool) -> str:
    """Return what came of a press: this one's decision, or what stood before."""
    if is_ours and approval.status is ApprovalStatus.APPROVED:
        return "Approved. Every check runs again before it is sent."
    if is_ours:
        return "Rejected. It is not sent."
    if approval.status in {ApprovalStatus.WAITING, ApprovalStatus.EXPIRED}:
        return f"Nothing is done: it expired {moment(approval.expires_at)}, or its price moved."
    return f"Nothing is done: {approval.status.value} before, by {approval.decided_by}."
