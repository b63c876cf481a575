"""What a fact is in the tables: its columns, and how they travel.

The server packs a company's rows as one value of bytes a column, as it does for bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alpha_oracle.adapters.postgres.binary_copy import copy_out
from alpha_oracle.adapters.postgres.packing import SENT, native, packed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named like a function.

    Columns = dict[str, NDArray[Any]]

TOLD: Final = {"document_id": "int4send", "figure_id": "int4send", "value": "float8send"}
CORRECTED: Final = {**TOLD, "revision": "int4send", "known_at": "timestamptz_send"}


def read_groups(
    cursor: Cursor,
    columns: Mapping[str, str],
    query: str,
    parameters: Mapping[str, object] | None = None,
    *,
    group: str = "origin_id",
    order: str = "",
) -> Iterator[tuple[int, Columns]]:
    """Yield a query's rows by the number in a column, each group in an order if one is named.

    `columns` names the others, with the server's function that sends their values.
    """
    aggregates = packed(columns, order=order)
    grouped = f"SELECT {group}, {aggregates} FROM ({query}) AS found GROUP BY {group}"
    types = {name: SENT[send] for name, send in columns.items()}
    answer = copy_out(cursor, cursor.mogrify(grouped, parameters).decode(), types)
    for number, key in enumerate(answer.groups):
        yield key, {name: native(answer.values[name][number]) for name in columns}


def as_columns(rows: Sequence[Sequence[float]], types: Mapping[str, str]) -> Columns:
    """Rows of numbers as arrays to copy, of the columns and types named."""
    values = zip(*rows, strict=True)
    return {
        name: np.array(column, kind)
        for (name, kind), column in zip(types.items(), values, strict=True)
    }
