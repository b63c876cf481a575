"""Files of models in folders: one folder a key, put in place by a rename, whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alpha_oracle.errors import ConfigurationError, ModelRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCK_NAME: Final = ".lock"
UNFINISHED: Final = ".unfinished-"
"""How the name of a folder begins that is not in place yet; no key begins so."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,199}")
_NO_PLAIN_FILE: Final = frozenset({errno.ELOOP, errno.ENXIO})
# A link or a pipe in place of a file is neither followed nor waited for.
_READING: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class FolderModelFiles:
    """`ModelFiles` in a folder, between processes: one writes at a time, who reads never waits."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep the files of a key in place of those there.

        They are on the disk when this returns. Where the same are there, nothing is written; a
        process killed while it replaces others leaves the old files, the new ones or none.

        Raises:
            ConfigurationError: the key or a file's name is none.
        """
        target = self._folder(key)
        for name in files:
            _require_name(name, what="name of a model's file")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _writing(target.parent):
            if not self._are_there(key, files):
                _replace(target, files)

    def load(self, key: str) -> dict[str, bytes] | None:
        """Return the files of a key by name; None where there are none.

        Raises:
            ConfigurationError: the key is none.
            ModelRefused: the key's folder is none, something in it is no plain file, or the disk
                does not give it.
        """
        folder = self._folder(key)
        try:
            return _whole(folder)
        except OSError as error:
            raise ModelRefused(
                f"{folder} cannot be read ({error.strerror}); mend the disk or its permissions, "
                "or train the model anew"
            ) from error

    def _folder(self, key: str) -> Path:
        parts = key.split("/")
        for part in parts:
            _require_name(part, what="key of a model's files")
        return self._root.joinpath(*parts)

    def _are_there(self, key: str, files: Mapping[str, bytes]) -> bool:
        try:
            return self.load(key) == dict(files)
        except ModelRefused:
            return False


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    with (folder / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Who holds the lock knows that what is unfinished is a dead writer's.
        for unfinished in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield


def _replace(target: Path, files: Mapping[str, bytes]) -> None:
    made = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
    aside = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
    try:
        for name, content in files.items():
            _write(made / name, content)
        _sync(made)
        with suppress(FileNotFoundError):
            target.rename(aside / target.name)
        made.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def _require_name(name: str, *, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no {what}; expected letters, digits and . _ = -, a letter or digit first"
        )


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(folder: Path) -> dict[str, bytes] | None:
    while True:
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise ModelRefused(_strange(folder, "folder")) from None
        try:
            found = _read_all(descriptor, folder)
            if found is not None and _is_still(folder, descriptor):
                return found
        finally:
            os.close(descriptor)


def _read_all(descriptor: int, folder: Path) -> dict[str, bytes] | None:
    try:
        return {name: _read(descriptor, name, folder) for name in sorted(os.listdir(descriptor))}
    except FileNotFoundError:
        # It was taken away while it was read: what took its place is what to read.
        return None


def _read(descriptor: int, name: str, folder: Path) -> bytes:
    try:
        opened = os.open(name, _READING, dir_fd=descriptor)
    except OSError as error:
        if error.errno not in _NO_PLAIN_FILE:
            raise
        raise ModelRefused(_strange(folder / name, "plain file")) from None
    # A folder and a pipe open as a file does.
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise ModelRefused(_strange(folder / name, "plain file"))
    with os.fdopen(opened, "rb") as file:
        return file.read()


def _strange(path: Path, expected: str) -> str:
    return f"{path} is no {expected}; put back what was there, or train the model anew"


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        now = folder.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(now, os.fstat(descriptor))
