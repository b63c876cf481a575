"""Names in the temporary folder that stand for a data folder: short, and safe from other users."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
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
    """Whether the name exists and belongs to this user.

    Raises:
        ConfigurationError: it belongs to another, who must not choose what we talk to.
    """
    try:
        owner = path.lstat().st_uid
    except FileNotFoundError:
        return False
    if owner != os.geteuid():
        raise ConfigurationError(
            f"{path} belongs to another user (uid {owner}); remove it, or set TMPDIR to a folder "
            "of your own"
        )
    return True


def socket_folder(data: Path, socket_name: str) -> Path:
    """Return a path of the data folder short enough for its socket: itself, or a link's."""
    if _fits(data / socket_name):
        return data
    link = temporary_name(data)
    if not _fits(link / socket_name):
        raise ConfigurationError(f"{link} is too long for a socket; set TMPDIR to a shorter folder")
    return link


def open_socket_folder(data: Path, socket_name: str) -> None:
    """Make the link of `socket_folder`, if it takes one."""
    link = socket_folder(data, socket_name)
    if link == data or (is_ours(link) and link.is_symlink() and link.readlink() == data):
        return
    if is_ours(link):
        link.unlink()
    # Another process of ours may have made the very same link in between.
    with suppress(FileExistsError):
        link.symlink_to(data)


def close_socket_folder(data: Path, socket_name: str) -> None:
    """Remove the link of `socket_folder`."""
    link = socket_folder(data, socket_name)
    if link != data and is_ours(link) and link.is_symlink():
        link.unlink(missing_ok=True)


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
