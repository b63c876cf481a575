"""Whole files into the stores, through the same validation as a session's bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.calendar import latest_session_on_or_before, session_close, shift_session
from alpha_oracle.marketdata.known import validation_context
from alpha_oracle.marketdata.release import Revalidated, revalidate_held
from alpha_oracle.marketdata.validation.validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.domain.bars import ReceivedBars, StoreReport
    from alpha_oracle.domain.market import CorporateAction, Membership, SectorAssignment, Session
    from alpha_oracle.domain.validation import ValidationReport
    from alpha_oracle.marketdata.stores import MarketStores
    from alpha_oracle.marketdata.validation.context import ValidationBounds
    from alpha_oracle.ports.reference import ReferenceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of a file of bars: each row is stored, quarantined or unreadable (held too).

    `actions` corporate actions were new or corrected.
    """

    received: int
    stored: StoreReport
    quarantined: int
    unreadable: int
    actions: int
    validation: ValidationReport

    def __post_init__(self) -> None:
        stored = self.stored.inserted + self.stored.unchanged + self.stored.corrected
        if self.received != stored + self.quarantined + self.unreadable:
            raise ValueError(
                f"{self.received} received, but {stored} stored, {self.quarantined} quarantined "
                f"and {self.unreadable} unreadable"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsReport:
    """What became of a file of corporate actions, and of the held bars it may explain."""

    received: int
    changed: int
    revalidated: Revalidated


def import_bars(
    received: ReceivedBars, stores: MarketStores, *, bounds: ValidationBounds, at: datetime
) -> ImportReport:
    """Validate and store a file's bars; corporate actions it told of are saved first.

    What those explain of the bars held before is stored after the file's own. Safe to repeat: what
    is stored or held already changes nothing.

    Raises:
        StoreUnavailable: repeat it.
    """
    actions = 0
    if received.actions:
        source = received.batch.source
        actions = stores.reference.save_actions(received.actions, source=source, received_at=at)
    latest = latest_closed_session(at)
    context = validation_context(received, stores, bounds=bounds, latest=latest, at=at)
    judged = validate(received, context)
    stores.quarantine.hold(judged.held)
    stored = stores.bars.store(judged.accepted, received_at=at)
    explain_held(received.actions, stores, bounds=bounds, at=at)
    return ImportReport(
        received=judged.report.received,
        stored=stored,
        quarantined=judged.report.quarantined - len(received.unreadable),
        unreadable=len(received.unreadable),
        actions=actions,
        validation=judged.report,
    )


def import_actions(
    actions: Sequence[CorporateAction],
    stores: MarketStores,
    *,
    source: str,
    bounds: ValidationBounds,
    at: datetime,
) -> ActionsReport:
    """Save corporate actions, then store the held bars whose jumps they explain.

    Raises:
        StoreUnavailable: repeat it.
    """
    changed = stores.reference.save_actions(actions, source=source, received_at=at)
    revalidated = explain_held(actions, stores, bounds=bounds, at=at)
    return ActionsReport(received=len(actions), changed=changed, revalidated=revalidated)


def explain_held(
    actions: Sequence[CorporateAction],
    stores: MarketStores,
    *,
    bounds: ValidationBounds,
    at: datetime,
) -> Revalidated:
    """Store the held bars whose jumps saved corporate actions explain."""
    return revalidate_held(
        stores,
        sorted({action.symbol for action in actions}),
        bounds=bounds,
        latest=latest_closed_session(at),
        at=at,
        actor="import actions",
        reason="a corporate action explains it",
    )


def import_members(
    members: Sequence[Membership], reference: ReferenceStore, *, at: datetime
) -> int:
    """Replace the index's membership; return how many intervals changed."""
    return reference.save_members(members, at=at)


def import_sectors(
    sectors: Sequence[SectorAssignment], reference: ReferenceStore, *, at: datetime
) -> int:
    """Replace the sectors of the symbols named; return how many assignments changed."""
    return reference.save_sectors(sectors, at=at)


def latest_closed_session(at: datetime) -> Session:
    """Return the newest session that had closed at an instant."""
    session = latest_session_on_or_before(at.date())
    while session_close(session) > at:
        session = shift_session(session, -1)
    return session
