"""What the footer of a part of the feature cache says, and the name that follows from it."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT: Final = 4
SUFFIX: Final = ".parquet"
NAMES: Final = f"????-??-??_????-??-??_*{SUFFIX}"


class BrokenPart(Exception):  # noqa: N818 - names the state.
    """A file is not the part its name says: torn, changed, or of another format."""


class OldPart(BrokenPart):
    """A file is a part of another version of this program: nothing is wrong with the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartColumn:
    """A feature in a part: its formula, and which of the part's lists of digests is its input.

    `checksums` are of its values, one a row group.
    """

    definition: str
    digests: int
    checksums: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHeader:
    """What a part holds. Each list of digests has two words a session, in base 64."""

    sessions: tuple[str, ...]
    symbols: tuple[str, ...]
    columns: Mapping[str, PartColumn]
    digests: tuple[str, ...]

    def encoded(self) -> bytes:
        """The header as its footer keeps it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":")).encode()

    @classmethod
    def decoded(cls, text: bytes, *, file_name: str) -> PartHeader:
        """Return the header of a footer.

        Raises:
            BrokenPart: it is not the one that the file is named after.
        """
        try:
            header = cls._of(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrokenPart(str(error)) from error
        if _file_name(header, text) != file_name:
            raise BrokenPart("the footer does not match the name")
        return header

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> PartHeader:
        if fields["format"] != FORMAT:
            raise OldPart("another format")
        return cls(
            sessions=tuple(fields["sessions"]),
            symbols=tuple(fields["symbols"]),
            columns={
                name: PartColumn(**{**column, "checksums": tuple(column["checksums"])})
                for name, column in fields["columns"].items()
            },
            digests=tuple(fields["digests"]),
        )

    def digests_of(self, name: str) -> NDArray[np.uint64]:
        """Return the digests of a column, two words a session."""
        return _decoded_digests(self.digests[self.columns[name].digests])

    @property
    def file_name(self) -> str:
        """The name of its file: first and last session, and what the header says, hashed."""
        return _file_name(self, self.encoded())


def encoded_digests(digests: NDArray[np.uint64]) -> str:
    """Return digests as a header keeps them."""
    return b64encode(digests.astype("<u8").tobytes()).decode()


@lru_cache(maxsize=512)
def _decoded_digests(encoded: str) -> NDArray[np.uint64]:
    return np.frombuffer(b64decode(encoded), dtype="<u8").reshape(-1, 2)


def _file_name(header: PartHeader, encoded: bytes) -> str:
    checksum = hashlib.blake2b(encoded, digest_size=12).hexdigest()
    return f"{header.sessions[0]}_{header.sessions[-1]}_{checksum}{SUFFIX}"


def sessions_of(path: Path) -> tuple[str, str]:
    """Return the first and last session of a part, from its name."""
    first, last, _ = path.name.split("_")
    return first, last
