"""The stores that bars pass on their way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alpha_oracle.ports.bars import BarStore, Quarantine
    from alpha_oracle.ports.reference import ReferenceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketStores:
    """Where bars are kept, where they are held back, and what is known beside them."""

    bars: BarStore
    quarantine: Quarantine
    reference: ReferenceStore
