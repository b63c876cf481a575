"""Whether other processes of ours use a database: nobody changes what they work with under them."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.errors import StoreUnavailable

_OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'alpha-oracle'
    AND pid <> pg_backend_pid()
"""


def refuse_others(url: str) -> None:
    """Refuse to go on where another connection of ours is open.

    Raises:
        StoreUnavailable: one is, or the database cannot be reached.
    """
    with closing(open_database(url)) as database, database.begin() as connection:
        others = connection.execute(text(_OTHERS)).scalar_one()
    if others:
        raise StoreUnavailable(
            f"{others} connections of alpha-oracle use the database; end every process of it "
            "(`alpha-oracle down`), then repeat"
        )
