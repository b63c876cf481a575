"""Bars as a TimescaleDB hypertable, where the server has the extension; else the plain table.

Both behave the same to every reader and writer. Only chunks older than 90 days are compressed,
because upserts into compressed chunks are slow and were wrong in several releases, and only
where the server's licence allows it. Nothing here ever fails an upgrade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.engine import Database

log = structlog.get_logger()

CHUNK_DAYS: Final = 365
COMPRESS_AFTER_DAYS: Final = 90

_SERVER: Final = """
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb'),
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb'),
       coalesce((SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries'), '')
           LIKE '%timescaledb%',
       coalesce(current_setting('timescaledb.license', true), '')
"""
_INSTALL: Final = "CREATE EXTENSION IF NOT EXISTS timescaledb"
_IS_HYPERTABLE: Final = """
SELECT EXISTS (SELECT FROM timescaledb_information.hypertables
               WHERE hypertable_schema = current_schema AND hypertable_name = 'bars')
"""
_IS_COMPRESSED: Final = _IS_HYPERTABLE.replace("'bars'", "'bars' AND compression_enabled")
_HYPERTABLE: Final = f"""
SELECT create_hypertable('bars', by_range('session', INTERVAL '{CHUNK_DAYS} days'),
                         create_default_indexes => false, migrate_data => true,
                         if_not_exists => true)
"""
_SETTINGS: Final = """
ALTER TABLE bars SET (timescaledb.compress, timescaledb.compress_segmentby = 'symbol_id',
                      timescaledb.compress_orderby = 'session')
"""
_POLICY: Final = f"""
SELECT add_compression_policy('bars', INTERVAL '{COMPRESS_AFTER_DAYS} days', if_not_exists => true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTraits:
    """What a server says of TimescaleDB; `licence` is known only once it is installed."""

    installed: bool
    available: bool
    preloaded: bool
    licence: str

    @property
    def can_install(self) -> bool:
        """Whether to try CREATE EXTENSION: without the preloaded library it ends the session."""
        return self.available and self.preloaded and not self.installed

    @property
    def may_compress(self) -> bool:
        """Whether the licence covers compression; the Apache build refuses it."""
        return self.installed and self.licence != "apache"


def adopt(database: Database, *, lock: int) -> None:
    """Make `bars` a hypertable where the server can, compress its old chunks where licensed."""
    traits = server_traits(database)
    if traits.can_install and _tried(database, (_INSTALL,), lock=lock):
        traits = server_traits(database)
    if traits.installed:
        convert(database, traits, lock=lock)
    else:
        log.info("bars_stored_plain", reason="extension timescaledb is not installed")


def convert(database: Database, traits: ServerTraits, *, lock: int) -> None:
    """Bring `bars` to what an installed extension allows; what stands is left as it is."""
    if not _is(database, _IS_HYPERTABLE) and not _tried(database, (_HYPERTABLE,), lock=lock):
        log.info("bars_stored_plain", reason="timescaledb refused a hypertable")
        return
    compressed = _is(database, _IS_COMPRESSED) or (
        traits.may_compress and _tried(database, (_SETTINGS, _POLICY), lock=lock)
    )
    log.info("bars_stored_as_hypertable", old_chunks_compressed=compressed)


def server_traits(database: Database) -> ServerTraits:
    """Ask a server about TimescaleDB."""
    with database.begin() as connection:
        installed, available, preloaded, licence = connection.execute(text(_SERVER)).one()
    return ServerTraits(
        installed=installed, available=available, preloaded=preloaded, licence=licence
    )


def _is(database: Database, question: str) -> bool:
    try:
        with database.begin() as connection:
            return bool(connection.execute(text(question)).scalar_one())
    except (DBAPIError, AlphaOracleError):
        return False


def _tried(database: Database, statements: tuple[str, ...], *, lock: int) -> bool:
    try:
        with database.begin() as connection:
            _run(connection, statements, lock=lock)
    except (DBAPIError, AlphaOracleError) as error:
        log.warning("timescaledb_refused", statement=statements[0].strip(), reason=str(error))
        return False
    return True


def _run(connection: Connection, statements: tuple[str, ...], *, lock: int) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})
    for statement in statements:
        connection.execute(text(statement))
