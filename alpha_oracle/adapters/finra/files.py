"""Short interest files of FINRA that lie on disk."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.finra.reading import Origin, read_file
from alpha_oracle.adapters.finra.spelling import Spelling
from alpha_oracle.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.short_interest import ReceivedShortInterest

_LARGEST_BYTES: Final = 256 * 1024 * 1024


def read_short_interest(
    path: Path, *, symbols: Collection[Symbol], now: datetime
) -> ReceivedShortInterest:
    """Read one file as FINRA publishes it, gzipped or not; `symbols` are those we follow.

    Raises:
        DataError: it cannot be read, is cut off, or is no such file.
    """
    return read_file(
        _content(path),
        spelling=Spelling(symbols),
        origin=Origin(place=str(path), received_at=now),
    )


def _content(path: Path) -> bytes:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            content = bytes(file.read(_LARGEST_BYTES + 1))
    except (EOFError, zlib.error, OSError) as error:
        # What the system refuses has an errno; what a decoder finds has none.
        refusal = error.strerror if isinstance(error, OSError) else None
        why = f"cannot be read: {refusal}" if refusal else "is damaged or mislabelled"
        raise DataError(f"{path} {why}") from None
    if len(content) > _LARGEST_BYTES:
        raise DataError(f"{path} is larger than any short interest file of FINRA")
    return content
