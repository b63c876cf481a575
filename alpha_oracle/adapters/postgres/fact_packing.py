"""What a fact is in the tables: its columns, and how they travel.

The server packs a company's rows as one value of bytes a column, as it does for bars.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.adapters.postgres.binary_copy import copy_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    Columns = dict[str, NDArray[Any]]

NO_START: Final = -(2**31)
"""How the server sends `-infinity`, where a period has no start."""

_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()

_SEND: Final = {
    "value": "float8send",
    "filed_at": "timestamptz_send",
    "known_at": "timestamptz_send",
    "document_id": "int4send",
    "period_start": "date_send",
    "period_end": "date_send",
    "item_id": "int2send",
    "revision": "int2send",
}
_SENT: Final = {
    "float8send": ">f8",
    "timestamptz_send": ">i8",
    "int4send": ">i4",
    "date_send": ">i4",
    "int2send": ">i2",
}
_PACK: Final = f"""
SELECT origin_id, {", ".join(f"string_agg({send}({name}), '')" for name, send in _SEND.items())}
FROM facts WHERE {{condition}} GROUP BY origin_id
"""
_TYPES: Final = {name: _SENT[send] for name, send in _SEND.items()}


def read_facts(
    cursor: Cursor, condition: str, parameters: Mapping[str, object]
) -> Iterator[tuple[int, Columns]]:
    """Yield the rows that meet a condition, by the number of who tells of whom."""
    query = cursor.mogrify(_PACK.format(condition=condition), parameters).decode()
    packed = copy_out(cursor, query, _TYPES)
    for number, origin_id in enumerate(packed.groups):
        columns = {name: packed.values[name][number] for name in _TYPES}
        yield (
            origin_id,
            {name: part.astype(part.dtype.newbyteorder("=")) for name, part in columns.items()},
        )


def to_postgres_day(day: date | None) -> int:
    """A day as the server counts it; None is before all days."""
    return NO_START if day is None else day.toordinal() - _EPOCH_DAY


def as_columns(rows: Sequence[Sequence[float]]) -> Columns:
    """Rows of one number a column, in the columns' order, as arrays to copy."""
    names = ("origin_id", *_SEND)
    columns = zip(*rows, strict=True)
    types = {"origin_id": "i4"} | {name: kind.replace(">", "") for name, kind in _TYPES.items()}
    return {
        name: np.array(column, types[name]) for name, column in zip(names, columns, strict=True)
    }
