"""What a person should know of how a file's adjusted close was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.files import factors
from alpha_oracle.domain.market import CorporateAction, PriceBasis

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns

_NO_FACTOR: Final = (
    "raw prices without an adj_close column: splits must come through `import actions`, "
    "or the jumps they leave are quarantined"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldByFactor:
    """Corporate actions, notes for the reader, and splits that the close still shows as jumps."""

    actions: tuple[CorporateAction, ...] = ()
    notes: tuple[str, ...] = ()
    unadjusted_splits: int = 0


def told_by_factor(
    bars: BarColumns, adj_close: NDArray[np.float64] | None, *, prices: PriceBasis
) -> ToldByFactor:
    """Return what an adjusted close tells of bars whose prices were declared."""
    if adj_close is None:
        return ToldByFactor(notes=(_NO_FACTOR,) if prices is PriceBasis.RAW else ())
    changes = factors.factor_changes(bars, adj_close)
    if prices is PriceBasis.RAW:
        actions = factors.corporate_actions(bars, changes)
        odd = changes.row[changes.is_odd].tolist()
        note = f"adj_close gives {len(actions)} corporate actions"
        notes = (note, _odd_note(len(odd), factors.examples(bars, odd))) if odd else (note,)
        return ToldByFactor(actions=actions, notes=notes)
    splits = factors.unadjusted_splits(changes)
    note = f"adj_close is not used: the prices were declared {prices}"
    loud = _raw_note(len(splits), factors.examples(bars, splits), prices=prices)
    return ToldByFactor(notes=(note, loud) if splits else (note,), unadjusted_splits=len(splits))


def _odd_note(count: int, where: str) -> str:
    return (
        f"{count} changes of adj_close / close are neither split nor dividend and give no "
        f"corporate action, such as {where}"
    )


def _raw_note(count: int, where: str, *, prices: PriceBasis) -> str:
    return (
        f"WARNING: declared {prices}, but close still jumps at {count} splits that adj_close "
        f"knows, such as {where}: this looks like raw prices; import it with `--prices raw`, "
        "else these jumps are quarantined"
    )
