"""What a person should know of how a file's adjusted close was read."""

from __future__ import annotations

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


def told_by_factor(
    bars: BarColumns, adj_close: NDArray[np.float64] | None, *, prices: PriceBasis
) -> tuple[tuple[CorporateAction, ...], tuple[str, ...]]:
    """Return the corporate actions an adjusted close tells of, and notes for the reader."""
    if adj_close is None:
        return (), (_NO_FACTOR,) if prices is PriceBasis.RAW else ()
    changes = factors.factor_changes(bars, adj_close)
    if prices is PriceBasis.RAW:
        actions = factors.corporate_actions(bars, changes)
        odd = changes.row[changes.is_odd].tolist()
        note = f"adj_close gives {len(actions)} corporate actions"
        notes = (note, _odd_note(len(odd), factors.examples(bars, odd))) if odd else (note,)
        return actions, notes
    splits = factors.unadjusted_splits(changes)
    note = f"adj_close is not used: the prices were declared {prices}"
    loud = _raw_note(len(splits), factors.examples(bars, splits), prices=prices)
    return (), (note, loud) if splits else (note,)


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
