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

from alpha_oracle.adapters.embedded.addresses import is_ours, temporary_name
from alpha_oracle.adapters.embedded.server import Account
from alpha_oracle.errors import ConfigurationError

CANDIDATES: Final = ("postgres", "nobody")
COPY_SUFFIX: Final = "-postgres"
COPIED_FOLDERS: Final = ("lib", "share")
COPIED_PROGRAMS: Final = ("postgres", "initdb")


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
    """Make a folder and all that is in it the account's own."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def runnable_programs(programs: Path, data: Path, *, account: Account | None) -> Path:
    """Return a folder of Postgres programs the account can run: the given one or a copy."""
    if account is None or _can_run(programs / "postgres", account):
        return programs
    copy = temporary_name(data, suffix=COPY_SUFFIX)
    remove_copy(data)
    _copy(programs.parent, copy)
    if not _can_run(copy / "bin" / "postgres", account):
        raise ConfigurationError(
            f"Postgres refuses to run as root and uid {account.uid} can run it neither in "
            f"{programs} nor in {copy}; install in a folder every user can enter, set TMPDIR to "
            "one where programs may run, or start as an ordinary user"
        )
    return copy / "bin"


def remove_copy(data: Path) -> None:
    """Remove the copy made for the server of a data folder."""
    copy = temporary_name(data, suffix=COPY_SUFFIX)
    if is_ours(copy):
        shutil.rmtree(copy)


def _can_run(program: Path, account: Account) -> bool:
    try:
        answer = subprocess.run(
            [program, "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            env={},
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def _copy(source: Path, target: Path) -> None:
    # Made under a name nobody can guess, so that nobody else's folder is ever filled.
    made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}-"))
    (made / "bin").mkdir()
    for name in COPIED_PROGRAMS:
        shutil.copy2(source / "bin" / name, made / "bin" / name)
    for name in COPIED_FOLDERS:
        shutil.copytree(source / name, made / name)
    for path in (made, *made.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    made.rename(target)
