"""Files that a person hands over, taken into the stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.adapters.files.reader import SOURCE, read_bars
from alpha_oracle.adapters.files.reference import read_actions, read_members, read_sectors
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.release import release_quarantined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from alpha_oracle.domain.market import PriceBasis, Symbol
    from alpha_oracle.marketdata.release import ReleaseReport


def take_bars(
    path: Path, *, prices: PriceBasis, tell: Callable[[str], None]
) -> imports.ImportReport:
    """Store a file of bars; `tell` hears what a person should know about how it was read.

    Raises:
        DataError: the file cannot be read; nothing is stored.
    """
    read = read_bars(path, prices=prices)
    for note in read.notes:
        tell(note)
    with open_runtime() as runtime:
        return imports.import_bars(
            read.received,
            runtime.market_stores,
            bounds=runtime.validation_bounds,
            at=runtime.clock.now(),
        )


def take_members(path: Path) -> tuple[int, int]:
    """Store index membership; return how many intervals came, and how many changed.

    Raises:
        DataError: the file cannot be read; nothing is stored.
    """
    members = read_members(path)
    with open_runtime() as runtime:
        reference, at = runtime.market_stores.reference, runtime.clock.now()
        return len(members), imports.import_members(members, reference, at=at)


def take_sectors(path: Path) -> tuple[int, int]:
    """Store sectors; return how many assignments came, and how many changed.

    Raises:
        DataError: the file cannot be read; nothing is stored.
    """
    sectors = read_sectors(path)
    with open_runtime() as runtime:
        reference, at = runtime.market_stores.reference, runtime.clock.now()
        return len(sectors), imports.import_sectors(sectors, reference, at=at)


def take_actions(path: Path) -> imports.ActionsReport:
    """Store corporate actions, and the held bars they explain.

    Raises:
        DataError: the file cannot be read; nothing is stored.
    """
    actions = read_actions(path)
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
