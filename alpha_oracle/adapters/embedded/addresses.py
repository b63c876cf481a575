"""Names in the temporary folder that stand for a data folder: short, and safe from other users."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from alpha_oracle.errors import ConfigurationError

MAX_SOCKET_PATH_BYTES: Final = 100
"""Kernels take 104 to 108 bytes; Linux and macOS both take this many."""


def temporary_name(data: Path, *, suffix: str = "") -> Path:
    """Return the name in the temporary folder that belongs to a data folder and this user."""
    digest = hashlib.sha256(f"{os.geteuid()}:{data}".encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"alpha-oracle-{digest}{suffix}"


def is_ours(path: Path) -> bool:
    """Whether the name exists and belongs to this user."""
    return os.path.lexists(path) and path.lstat().st_uid == os.geteuid()


def refuse_foreign(path: Path) -> None:
    """Refuse a name that belongs to another user, who must not choose what we use.

    Raises:
        ConfigurationError: it does.
    """
    if os.path.lexists(path) and not is_ours(path):
        raise ConfigurationError(
            f"{path} belongs to another user (uid {path.lstat().st_uid}); remove it, or set TMPDIR "
            "to a folder of your own"
        )


def socket_folder(data: Path, socket_name: str) -> Path:
    """Return a path of the data folder short enough for its socket: itself, or a link's."""
    if _fits(data / socket_name):
        return data
    link = temporary_name(data)
    if not _fits(link / socket_name):
        raise ConfigurationError(f"{link} is too long for a socket; set TMPDIR to a shorter folder")
    return link


def open_socket_folder(data: Path, socket_name: str) -> None:
    """Make the link of `socket_folder`, if it takes one.

    Raises:
        ConfigurationError: another user has its name.
    """
    link = socket_folder(data, socket_name)
    if link == data:
        return
    refuse_foreign(link)
    if link.is_symlink() and link.readlink() == data:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(data)


def close_socket_folder(data: Path, socket_name: str) -> None:
    """Remove the link of `socket_folder`."""
    link = socket_folder(data, socket_name)
    if link != data and is_ours(link) and link.is_symlink():
        link.unlink()


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
