"""What the columns of bar files are called, in the exports in circulation, and what they mean."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from alpha_oracle.errors import DataError


class Meaning(StrEnum):
    """What a column of a bar file holds."""

    SYMBOL = "symbol"
    SESSION = "date"
    OPEN = "open"
    HIGH = "high"
    LOW = "low"
    CLOSE = "close"
    VOLUME = "volume"
    ADJ_CLOSE = "adj_close"
    PERIOD = "per"


NUMBERS: Final = (Meaning.OPEN, Meaning.HIGH, Meaning.LOW, Meaning.CLOSE, Meaning.VOLUME)
REQUIRED: Final = (Meaning.SESSION, *NUMBERS)

_MEANINGS: Final[Mapping[str, Meaning]] = {
    "symbol": Meaning.SYMBOL,
    "ticker": Meaning.SYMBOL,
    "name": Meaning.SYMBOL,
    "date": Meaning.SESSION,
    "session": Meaning.SESSION,
    "timestamp": Meaning.SESSION,
    "datetime": Meaning.SESSION,
    "open": Meaning.OPEN,
    "high": Meaning.HIGH,
    "low": Meaning.LOW,
    "close": Meaning.CLOSE,
    "volume": Meaning.VOLUME,
    "vol": Meaning.VOLUME,
    "adjclose": Meaning.ADJ_CLOSE,
    "adjustedclose": Meaning.ADJ_CLOSE,
    "per": Meaning.PERIOD,
}
_IGNORED_MARKS: Final = str.maketrans("", "", " _-.<>\ufeff")


def plain_name(name: str) -> str:
    """Return a column's name in lower case, without spaces, underscores and angle brackets."""
    return name.strip().lower().translate(_IGNORED_MARKS)


def columns_by_meaning(names: Sequence[str], *, path: object) -> dict[Meaning, str]:
    """Return which column holds what; columns of no meaning here are left out.

    Raises:
        DataError: two columns mean the same, or one that a bar needs is missing.
    """
    found: dict[Meaning, str] = {}
    for name in names:
        meaning = _MEANINGS.get(plain_name(name))
        if meaning is None:
            continue
        if meaning in found:
            raise DataError(
                f"{path}: columns {found[meaning]!r} and {name!r} both mean the {meaning}; "
                "rename or remove one"
            )
        found[meaning] = name
    _require(found, names, path=path)
    return found


def _require(found: Mapping[Meaning, str], names: Sequence[str], *, path: object) -> None:
    missing = [meaning.value for meaning in REQUIRED if meaning not in found]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(missing)}; found {', '.join(names) or 'none'}; "
            "expected symbol, date, open, high, low, close, volume (in any case)"
        )
