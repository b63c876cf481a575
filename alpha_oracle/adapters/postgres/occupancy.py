"""Whether other processes of ours use a database: nobody changes what they work with under them."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.errors import StoreUnavailable

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.engine import Database

LEAVING_SECONDS: Final = 5.0
"""How long a server may go on naming a connection that was closed."""
_LOOK_SECONDS: Final = 0.05

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
    until = time.monotonic() + LEAVING_SECONDS
    with closing(open_database(url)) as database:
        while (others := _others(database)) and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
    if others:
        raise StoreUnavailable(
            f"{others} connections of alpha-oracle use the database; end every process of it "
            "(`alpha-oracle down`), then repeat"
        )


def _others(database: Database) -> int:
    with database.begin() as connection:
        return int(connection.execute(text(_OTHERS)).scalar_one())
