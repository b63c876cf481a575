"""The schema and its versions, brought up to date from the installed package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import text

from alpha_oracle.adapters.postgres import timescale
from alpha_oracle.adapters.postgres.engine import Database, open_database
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS: Final = Path(__file__).parent / "migrations"
UPGRADE_LOCK: Final = 6_102_001


def upgrade(url: str) -> str:
    """Bring the schema to the newest version and return it; safe to repeat and to race.

    Raises:
        StoreUnavailable: the server cannot be reached.
        ConfigurationError: the URL cannot be read, or a newer package made the schema.
    """
    database = open_database(url)
    try:
        with database.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            _upgrade_over(connection)
        timescale.adopt(database, lock=UPGRADE_LOCK)
        return _head()
    finally:
        database.close()


def current_and_head(url: str) -> tuple[str | None, str]:
    """Return the schema's version (None: no schema yet) and the newest this package knows.

    Raises:
        StoreUnavailable: the server cannot be reached.
        ConfigurationError: the URL cannot be read.
    """
    database = open_database(url)
    try:
        return _current(database), _head()
    finally:
        database.close()


def known_versions() -> frozenset[str]:
    """Return the versions of the schema that this package knows."""
    script = ScriptDirectory.from_config(_config())
    return frozenset(version.revision for version in script.walk_revisions())


def _upgrade_over(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the database's schema is none this package knows ({error}), which ends at {_head()}; "
            "install the newest alpha-oracle"
        ) from error


def _current(database: Database) -> str | None:
    with database.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migration lies in {MIGRATIONS}")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
