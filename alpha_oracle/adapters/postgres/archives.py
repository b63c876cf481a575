"""Backups of the database: written whole, restored whole, and restored to a halt.

A backup is what `pg_dump --format=custom` writes. It is restored in one transaction, at whose end
the kill switch is active: there is no moment at which a worker could see the rows of a backup and
a switch that had been let go of when it was taken. What a person asked for or approved, and no
worker had acted upon yet, lapses with it: it was said of a book and a broker of before. Events go
on at numbers that were never given before, so that a listener who asks for what came after the
last one it heard misses nothing.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.client_programs import ClientPrograms
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import UPGRADE_LOCK, known_versions
from alpha_oracle.adapters.postgres.occupancy import refuse_others
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

EVENTS_SKIPPED: Final = 1_000_000
"""How far event numbers jump: more than are given between a backup and its restoring."""

LAPSED: Final = (
    "not done: a backup was restored before it was acted upon; ask again if it still holds"
)
"""The answer to what an operator had asked for when a backup was taken."""

HEADER_LINES: Final = 64
CHUNK_BYTES: Final = 1 << 20
OURS: Final = " TABLE public alembic_version "
TIMESCALE: Final = " EXTENSION - timescaledb "

# Servers before 17 do not know it; the program that reads archives says it to all of them.
TOO_NEW: Final = b"SET transaction_timeout = 0;\n"

_HOLDS: Final = """
SELECT to_regclass('public.alembic_version') IS NOT NULL,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
"""
_BEGIN: Final = f"BEGIN;\nSELECT pg_advisory_xact_lock({UPGRADE_LOCK});\n"
_CLEAR: Final = "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
_END: Final = f"""
SET search_path = public;
SELECT to_regclass('kill_switch') IS NOT NULL AS has_switch,
       to_regclass('event_numbers') IS NOT NULL AS has_numbers,
       to_regclass('operator_requests') IS NOT NULL AS has_desk,
       version_num <> ALL (string_to_array(:'known', ' ')) AS is_unknown
FROM alembic_version \\gset
\\if :is_unknown
    DO $$ BEGIN RAISE 'a newer alpha-oracle made the backup; install the newest'; END $$;
\\endif
\\if :has_switch
    UPDATE kill_switch SET is_active = true, activated_at = greatest(activated_at, :'at'),
                           changed_by = :'by', reason = :'reason';
\\endif
\\if :has_desk
    UPDATE operator_requests SET answered_at = greatest(asked_at, :'at'), answer = :'lapsed'
    WHERE answered_at IS NULL;
    UPDATE approvals SET status = 'expired', decided_at = greatest(requested_at, :'at'),
                         decided_by = ''
    FROM orders
    WHERE orders.order_id = approvals.order_id AND orders.status = 'AWAITING_APPROVAL'
      AND approvals.status IN ('waiting', 'approved');
\\endif
\\if :has_numbers
    SELECT setval('event_numbers', last_value + {EVENTS_SKIPPED}) FROM event_numbers;
\\endif
COMMIT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """What the kill switch says after a backup was restored."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresArchives:
    """Backups of the database at a URL, by the client programs in a folder."""

    url: str
    programs: Path

    def write(self, path: Path) -> None:
        """Write a backup of what is committed now, while others work; to `path` once it is whole.

        Raises:
            ConfigurationError: the file is there already.
            StoreUnavailable: the database cannot be read.
        """
        if path.exists():
            raise ConfigurationError(f"{path} is there already; name a file that is not")
        partial = path.with_name(f"{path.name}.partial")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={partial}")
            self._clients.dump(*options)
            self._contents(partial)
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)

    def has_schema(self) -> bool:
        """Whether the database holds a schema of ours, which restoring would replace.

        Raises:
            StoreUnavailable: it cannot be reached.
            ConfigurationError: the URL cannot be read.
        """
        return self._holds()[0]

    def restore(self, path: Path, told: Restoration) -> None:
        """Replace all that the database holds by a backup; the kill switch is active then.

        Where it fails, nothing has changed.

        Raises:
            ConfigurationError: the file is no backup of ours, or the database has TimescaleDB and
                is not empty.
            StoreUnavailable: the database is used, cannot be reached, or refuses a statement.
        """
        contents, (is_ours, has_timescale) = self._contents(path), self._holds()
        if is_ours and has_timescale:
            raise ConfigurationError(
                "the database holds a schema on TimescaleDB, which lets none be replaced; make an "
                "empty one and let database.url name it"
            )
        refuse_others(self.url)
        values = {"at": told.at.isoformat(), "by": told.by, "reason": told.reason}
        values["lapsed"] = LAPSED
        values["known"] = " ".join(known_versions())
        with self._timescale_ready(needed=TIMESCALE in contents):
            self._clients.run_script(self._parts(path, clear=is_ours), values)

    @property
    def _clients(self) -> ClientPrograms:
        return ClientPrograms(folder=self.programs, url=self.url)

    def _contents(self, path: Path) -> str:
        contents = self._clients.contents(path)
        if OURS not in contents:
            raise ConfigurationError(f"{path} is no backup of alpha-oracle's database")
        return contents

    def _holds(self) -> tuple[bool, bool]:
        with closing(open_database(self.url)) as database, database.begin() as connection:
            is_ours, has_timescale = connection.execute(text(_HOLDS)).one()
        return is_ours, has_timescale

    def _parts(self, path: Path, *, clear: bool) -> Iterator[bytes]:
        yield f"{_BEGIN}{_CLEAR if clear else ''}".encode()
        with self._clients.script(path) as reader:
            yield from _statements(reader)
            if reader.wait():
                # Without its COMMIT the transaction comes to nothing.
                raise StoreUnavailable(f"{path} cannot be read to its end; nothing was restored")
        yield _END.encode()

    @contextmanager
    def _timescale_ready(self, *, needed: bool) -> Iterator[None]:
        if not needed:
            yield
            return
        self._tell("CREATE EXTENSION IF NOT EXISTS timescaledb", "SELECT timescaledb_pre_restore()")
        try:
            yield
        finally:
            self._tell("SELECT timescaledb_post_restore()")

    def _tell(self, *statements: str) -> None:
        with closing(open_database(self.url)) as database, database.at_once() as connection:
            for statement in statements:
                connection.execute(text(statement))


def _statements(reader: subprocess.Popen[bytes]) -> Iterator[bytes]:
    if reader.stdout is None:
        raise RuntimeError("pg_restore has no output")
    for _ in range(HEADER_LINES):
        line = reader.stdout.readline()
        yield b"" if line == TOO_NEW else line
    while chunk := reader.stdout.read(CHUNK_BYTES):
        yield chunk
