"""Pages of a table, newest first: each goes on after the last row of the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.domain.trading_pages import Cursor, Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What is selected from where, in order of `at` and `key` (a text that sorts by its bytes).

    `account`, `symbol` and `status` are the columns by which it may be filtered.
    """

    columns: str
    source: str
    at: str
    key: str
    account: str = "account"
    symbol: str = "symbol"
    status: str = "status"

    def rows(
        self,
        connection: Connection,
        filters: Mapping[str, str | None],
        *,
        after: Cursor | None,
        limit: int,
    ) -> Sequence[Row[Any]]:
        """Return one row more than asked for, where there is one: it says that there is more."""
        given = {name: storable(value) for name, value in filters.items() if value is not None}
        conditions = [f"{getattr(self, name)} = :{name}" for name in given]
        values: dict[str, Any] = {**given, "rows": limit + 1}
        if after is not None:
            conditions.append(f"({self.at}, {self._key()}) < (:after_at, :after_key)")
            values |= {"after_at": after.at, "after_key": storable(after.key)}
        statement = (
            f"SELECT {self.columns}, {self.at} AS page_at, {self._key()} AS page_key"
            f" FROM {self.source} WHERE {' AND '.join(conditions) or 'true'}"
            f" ORDER BY {self.at} DESC, {self._key()} DESC LIMIT :rows"
        )
        return connection.execute(text(statement), values).all()

    def _key(self) -> str:
        return f'({self.key}) COLLATE "C"'


def page_of(values: Sequence[Found], found: Sequence[Row[Any]], *, limit: int) -> Page[Found]:
    """Return the page of the first `limit` rows found, `values` being what they hold."""
    end = None
    if len(found) > limit > 0:
        last = found[limit - 1]
        end = Cursor(last.page_at, last.page_key)
    return Page(rows=tuple(values), end=end)
