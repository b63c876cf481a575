"""Values as literals in a text of SQL: what is plainly one is written as it is.

The driver writes all else. It writes any value, but looks up anew how to, and a change of trading
has some sixty.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extensions import adapt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg2.extensions import connection


_NAMED: Final = {None: "NULL", True: "true", False: "false"}


def written(text: str, values: Sequence[object], driver: connection) -> str:
    """Return a text with a literal for each of its marks.

    A literal may have no type of its own: what stands around it says which.

    Raises:
        ValueError: a text among the values cannot be said to Postgres.
    """
    return text % tuple([_plain(value) or _driven(value, driver) for value in values])


def _plain(value: object) -> str | None:
    if isinstance(value, str):
        is_plain = value.isascii() and not ("'" in value or "\\" in value or "\0" in value)
        return f"'{value}'" if is_plain else None
    if value is None or isinstance(value, bool):
        return _NAMED[value]
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite()):
        # A sign could join one before it.
        return f" {value}"
    return None


def _driven(value: object, driver: connection) -> str:
    literal: Any = adapt(value)
    if hasattr(literal, "prepare"):
        literal.prepare(driver)
    told: bytes = literal.getquoted()
    return told.decode()
