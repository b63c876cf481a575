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
    if traits.can_install and _tried(database, ("CREATE EXTENSION timescaledb",), lock=lock):
        traits = server_traits(database)
    if not traits.installed:
        log.info("bars_stored_plain", reason="extension timescaledb is not installed")
        return
    if not _tried(database, (_HYPERTABLE,), lock=lock):
        return
    compressed = traits.may_compress and _tried(database, (_SETTINGS, _POLICY), lock=lock)
    log.info("bars_stored_as_hypertable", compressed_after_days=COMPRESS_AFTER_DAYS * compressed)


def server_traits(database: Database) -> ServerTraits:
    """Ask a server about TimescaleDB."""
    with database.begin() as connection:
        installed, available, preloaded, licence = connection.execute(text(_SERVER)).one()
    return ServerTraits(
        installed=installed, available=available, preloaded=preloaded, licence=licence
    )


def _tried(database: Database, statements: tuple[str, ...], *, lock: int) -> bool:
    try:
        with database.begin() as connection:
            _run(connection, statements, lock=lock)
    except DBAPIError as error:
        log.warning(
            "timescaledb_refused", statement=statements[0].split("(")[0], reason=str(error.orig)
        )
        return False
    return True


def _run(connection: Connection, statements: tuple[str, ...], *, lock: int) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})
    for statement in statements:
        connection.execute(text(statement))
