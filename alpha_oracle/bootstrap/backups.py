"""Backups of an installation's database, and how trading stands after one was restored."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.embedded.postgres import client_programs
from alpha_oracle.adapters.postgres.archives import PostgresArchives, Restoration
from alpha_oracle.adapters.postgres.migrate import current_and_head, upgrade
from alpha_oracle.bootstrap.operating import opened_operations
from alpha_oracle.bootstrap.presence import ALWAYS_ON, is_present
from alpha_oracle.bootstrap.stores import clock_of, database_url
from alpha_oracle.config import load_settings
from alpha_oracle.errors import ConfigurationError, StoreUnavailable
from alpha_oracle.risk.kill_switch import KILL_WORD

if TYPE_CHECKING:
    from pathlib import Path

REPLACE_WORD: Final = "REPLACE"


def back_up(path: Path) -> str:
    """Write a backup of the database to a new file; return the version of its schema.

    Raises:
        ConfigurationError: the file is there already, or the database has no schema.
        StoreUnavailable: the database cannot be read.
    """
    with ExitStack() as stack:
        url = database_url(stack, load_settings())
        version, _ = current_and_head(url)
        if version is None:
            raise ConfigurationError("the database is empty; there is nothing to back up")
        PostgresArchives(url=url, programs=client_programs()).write(path)
    return version


def is_empty() -> bool:
    """Whether the database has no schema: restoring to it replaces nothing.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    with ExitStack() as stack:
        return current_and_head(database_url(stack, load_settings()))[0] is None


def restore(path: Path, *, word: str | None, by: str) -> str:
    """Restore a backup, bring it to this package's schema, and leave the kill switch active.

    What the database held is gone, which takes the word REPLACE where it held anything. Return
    the version of the schema.

    Raises:
        ConfigurationError: the word is another, the file no backup, or a process works; nothing
            has changed.
        StoreUnavailable: the database is used or cannot be reached.
    """
    settings = load_settings()
    working = [name for name in ALWAYS_ON if is_present(settings.home, name)]
    if working:
        raise ConfigurationError(
            f"{', '.join(working)} still works; end every process first: `alpha-oracle down`"
        )
    reason = f"restored from backup {path.name}; look at orders and positions before you resume"
    with ExitStack() as stack:
        url = database_url(stack, settings)
        archives = PostgresArchives(url=url, programs=client_programs())
        if word != REPLACE_WORD and archives.has_schema():
            raise ConfigurationError(f"type {REPLACE_WORD} to confirm, exactly")
        archives.restore(path, Restoration(at=clock_of(settings).now(), by=by, reason=reason))
        version = upgrade(url)
    _halt(reason, by=by)
    return version


def _halt(reason: str, *, by: str) -> None:
    # It is active since the rows are there; now it is so by an act on record, which others hear of.
    with opened_operations(by) as operations, suppress(StoreUnavailable):
        operations.activate(KILL_WORD, reason=reason)
