"""Whom Postgres runs as where we are root, which it refuses to be.

No account is made and no folder's mode is changed: the server is started inside its data folder,
which it owns, and never needs to walk there. Where it could not walk to its own program either, it
gets a copy of it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from alpha_oracle.adapters.embedded.addresses import is_ours, refuse_foreign, temporary_name
from alpha_oracle.adapters.embedded.server import Account
from alpha_oracle.errors import ConfigurationError

CANDIDATES: Final = ("postgres", "nobody")
COPY_SUFFIX: Final = "-postgres"
PROGRAMS: Final = ("postgres", "initdb")


def server_account(data: Path) -> Account | None:
    """Return whom the server of a data folder runs as; None: whoever we are.

    The folder's owner stays its owner. For a new one: the owner of home, else an account that
    every system has.
    """
    if os.geteuid() != 0:
        return None
    for folder in (data, data.parent):
        if folder.exists() and folder.stat().st_uid != 0:
            return Account(uid=folder.stat().st_uid, gid=folder.stat().st_gid)
    return _candidate()


def _candidate() -> Account:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ConfigurationError(
        f"Postgres refuses to run as root and there is no account {' or '.join(CANDIDATES)}; "
        "start as an ordinary user, or set ALPHA_ORACLE_DATABASE__URL"
    )


def give_to(account: Account, folder: Path) -> None:
    """Make a folder and all that is in it the account's own.

    Raises:
        ConfigurationError: its disk, or the container we are root of, has no such owner.
    """
    try:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    except OSError as error:
        raise ConfigurationError(
            f"Postgres refuses to run as root and {folder} cannot be given to uid {account.uid} "
            f"({error.strerror}); start as an ordinary user, or set ALPHA_ORACLE_DATABASE__URL"
        ) from error


def runnable_programs(programs: Path, data: Path, *, account: Account | None) -> Path:
    """Return a folder of Postgres programs the account can run: the given one or a copy.

    Raises:
        ConfigurationError: it can run neither.
    """
    if account is None or _can_run(programs, account):
        return programs
    remove_copy(data)
    target = temporary_name(data, suffix=COPY_SUFFIX)
    refuse_foreign(target)
    copy = target / programs.relative_to(programs.parents[2])
    _copy(programs, target)
    if not _can_run(copy, account):
        remove_copy(data)
        raise ConfigurationError(
            f"Postgres refuses to run as root, and uid {account.uid} can run it neither in "
            f"{programs} nor in {copy}; install in a folder every user can enter, set TMPDIR to "
            "one where programs may run, or start as an ordinary user"
        )
    return copy


def remove_copy(data: Path) -> None:
    """Remove the copy made for the server of a data folder."""
    copy = temporary_name(data, suffix=COPY_SUFFIX)
    if is_ours(copy):
        shutil.rmtree(copy)


def _can_run(programs: Path, account: Account) -> bool:
    try:
        answers = [_version(programs / name, account) for name in PROGRAMS]
    except PermissionError:
        return False
    return all(answer.returncode == 0 for answer in answers)


def _version(program: Path, account: Account) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [program, "--version"],
        check=False,
        capture_output=True,
        cwd="/",
        env={},
        user=account.uid,
        group=account.gid,
        extra_groups=[],
    )


def _copy(programs: Path, target: Path) -> None:
    # Made under a name nobody can guess, so that nobody else's folder is ever filled.
    made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}-"))
    try:
        _fill(made, programs)
        made.rename(target)
    except OSError:
        shutil.rmtree(made)
        raise


def _fill(made: Path, programs: Path) -> None:
    site = programs.parents[2]
    for source in _files(programs, site):
        copy = made / source.relative_to(site)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)
    for path in (made, *made.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def _files(programs: Path, site: Path) -> list[Path]:
    # Wheels keep the libraries they bring beside the package.
    libraries = site / f"{programs.relative_to(site).parts[0]}.libs"
    folders = (programs.parent / "lib", programs.parent / "share", libraries)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [*files, *(programs / name for name in PROGRAMS)]
