"""Postgres's own client programs, run against a database URL without its password being seen."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extensions import make_dsn

from alpha_oracle.adapters.postgres.engine import parse_url
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PASSWORD_VARIABLE: Final = "PGPASSWORD"  # noqa: S105 - the variable's name.
KEPT: Final = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "PGSSLROOTCERT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPrograms:
    """The programs in a folder, and the database that they work on."""

    folder: Path
    url: str

    def dump(self, *options: str) -> None:
        """Run `pg_dump`.

        Raises:
            StoreUnavailable: the database cannot be read; with what the program said last.
        """
        answer = self._run("pg_dump", *options, f"--dbname={self._connection()}")
        if answer.returncode:
            raise StoreUnavailable(f"the database cannot be read: {last_line(answer.stderr)}")

    def contents(self, archive: Path) -> str:
        """Return what an archive says it holds.

        Raises:
            ConfigurationError: it is no archive.
        """
        answer = self._run("pg_restore", "--list", str(archive))
        if answer.returncode:
            raise ConfigurationError(f"{archive} is no backup: {last_line(answer.stderr)}")
        return answer.stdout.decode(errors="replace")

    def script(self, archive: Path) -> subprocess.Popen[bytes]:
        """Start `pg_restore`, which writes an archive's statements to its output."""
        options = ("--no-owner", "--no-privileges", "--file=-", str(archive))
        return subprocess.Popen(  # noqa: S603 - Postgres's own program.
            [self.folder / "pg_restore", *options],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run_script(self, parts: Iterable[bytes], values: Mapping[str, str]) -> None:
        """Run the parts of a script, one after the other, until one fails.

        What began a transaction and did not come to its COMMIT leaves nothing behind.

        Raises:
            StoreUnavailable: a statement failed; with what the server said last.
        """
        with tempfile.TemporaryFile() as errors:
            psql = subprocess.Popen(  # noqa: S603 - as above.
                self._psql(values),
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            try:
                _feed(psql, parts)
            finally:
                code = psql.wait()
            errors.seek(0)
            if code:
                raise StoreUnavailable(f"the database refused it: {last_line(errors.read())}")

    def _psql(self, values: Mapping[str, str]) -> list[str]:
        variables = [f"--set={name}={value}" for name, value in values.items()]
        options = ["--no-psqlrc", "--quiet", "--file=-"]
        options += ["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
        return [str(self.folder / "psql"), *options, *variables, f"--dbname={self._connection()}"]

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603 - as above.
            [self.folder / program, *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def _connection(self) -> str:
        told = self._arguments()
        told.pop("password", None)
        return str(make_dsn(None, **told | {"application_name": "alpha-oracle-backup"}))

    def _environment(self) -> dict[str, str]:
        # Every user may see a program's arguments, its environment only whoever runs it.
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        password = self._arguments().get("password")
        return {**kept, "LC_ALL": "C"} | ({PASSWORD_VARIABLE: str(password)} if password else {})

    def _arguments(self) -> dict[str, Any]:
        url = parse_url(self.url)
        return {**url.translate_connect_args(database="dbname", username="user"), **url.query}


def last_line(told: bytes) -> str:
    """Return the last line that a program said, without saying who; or that it said none."""
    lines = told.decode(errors="replace").strip().splitlines()
    return lines[-1].rpartition("ERROR:  ")[2] if lines else "no reason given"


def _feed(psql: subprocess.Popen[bytes], parts: Iterable[bytes]) -> None:
    if psql.stdin is None:
        raise RuntimeError("psql has no input")
    # It goes at the first statement that fails, and says why.
    with suppress(BrokenPipeError), psql.stdin as script:
        for part in parts:
            script.write(part)
