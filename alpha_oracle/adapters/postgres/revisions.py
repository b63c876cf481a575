"""What the tables of revisions share: a row's newest revision is what a new one is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from sqlalchemy import Connection, CursorResult

T = TypeVar("T")


def each_once(rows: Iterable[T], *, key: Callable[[T], tuple[Hashable, ...]]) -> list[T]:
    """Return the rows, each once.

    Raises:
        DataError: two of one key differ.
    """
    kept: dict[tuple[Hashable, ...], T] = {}
    for row in rows:
        name = key(row)
        if kept.setdefault(name, row) != row:
            raise DataError(
                f"{' '.join(map(str, name))} is given twice, as {kept[name]} and {row}; "
                "leave one of the two"
            )
    return list(kept.values())


def lock_table(connection: Connection, table: str) -> None:
    """Let one writer at a time go on: what it compared with is what it adds to. Readers pass."""
    connection.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


def report(added: CursorResult[Any], *, given: int) -> StoreReport:
    """Return what became of the rows given; `added` has the revision of each that came in."""
    revisions = [row.revision for row in added]
    inserted = revisions.count(0)
    return StoreReport(
        inserted=inserted,
        unchanged=given - len(revisions),
        corrected=len(revisions) - inserted,
    )
