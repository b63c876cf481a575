"""What a person's files hold, taken into the stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.adapters.files.reader import SOURCE
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.release import release_quarantined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.domain.bars import ReceivedBars
    from alpha_oracle.domain.market import CorporateAction, Membership, SectorAssignment, Symbol
    from alpha_oracle.marketdata.release import ReleaseReport


def take_bars(received: ReceivedBars) -> imports.ImportReport:
    """Validate and store bars."""
    with open_runtime() as runtime:
        return imports.import_bars(
            received,
            runtime.market_stores,
            bounds=runtime.validation_bounds,
            at=runtime.clock.now(),
        )


def take_members(members: Sequence[Membership]) -> int:
    """Store index membership; return how many intervals changed."""
    with open_runtime() as runtime:
        reference, at = runtime.market_stores.reference, runtime.clock.now()
        return imports.import_members(members, reference, at=at)


def take_sectors(sectors: Sequence[SectorAssignment]) -> int:
    """Store sectors; return how many assignments changed."""
    with open_runtime() as runtime:
        reference, at = runtime.market_stores.reference, runtime.clock.now()
        return imports.import_sectors(sectors, reference, at=at)


def take_actions(actions: Sequence[CorporateAction]) -> imports.ActionsReport:
    """Store corporate actions, and the held bars they explain."""
    with open_runtime() as runtime:
        return imports.import_actions(
            actions,
            runtime.market_stores,
            source=SOURCE,
            bounds=runtime.validation_bounds,
            at=runtime.clock.now(),
        )


def release(
    quarantine_ids: Sequence[int], symbol: Symbol | None, *, actor: str, reason: str
) -> ReleaseReport:
    """Store held bars on a person's word; audited.

    Raises:
        DataError: one is not held, or cannot be stored; nothing is released.
    """
    with open_runtime() as runtime:
        at = runtime.clock.now()
        return release_quarantined(
            runtime.market_stores,
            quarantine_ids=quarantine_ids,
            symbol=symbol,
            bounds=runtime.validation_bounds,
            latest=imports.latest_closed_session(at),
            at=at,
            actor=actor,
            reason=reason,
        )
