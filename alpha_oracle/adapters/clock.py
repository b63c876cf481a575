"""The present: the machine's, or one pinned under home for a rehearsal."""

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alpha_oracle.errors import ConfigurationError


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedClock:
    """A clock that runs at real speed from another instant."""

    starts_at: datetime
    pinned_at: datetime

    def now(self) -> datetime:
        """Return the rehearsed present, UTC."""
        return self.starts_at + (datetime.now(UTC) - self.pinned_at)


def pinned_clock(home: Path, *, start_at: datetime) -> PinnedClock:
    """Return the rehearsal clock under home; the first process to ask pins it.

    Raises:
        ConfigurationError: the pin cannot be written or read.
    """
    path = _pin_path(home)
    if not path.exists():
        _write_once(path, starts_at=start_at.astimezone(UTC))
    try:
        pin = json.loads(path.read_text(encoding="utf-8"))
        return PinnedClock(
            starts_at=datetime.fromisoformat(pin["starts_at"]),
            pinned_at=datetime.fromisoformat(pin["pinned_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"the rehearsal clock {path} cannot be read ({error}); `alpha-oracle down` clears it"
        ) from None


def clear_pin(home: Path) -> None:
    """Forget the rehearsal clock."""
    _pin_path(home).unlink(missing_ok=True)


def _pin_path(home: Path) -> Path:
    return home / "run" / "clock.json"


def _write_once(path: Path, *, starts_at: datetime) -> None:
    pin = {"starts_at": starts_at.isoformat(), "pinned_at": datetime.now(UTC).isoformat()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(json.dumps(pin))
        # A link fails where another process pinned first, and never shows half a file.
        with suppress(FileExistsError):
            os.link(file.name, path)
        Path(file.name).unlink()
    except OSError as error:
        raise ConfigurationError(f"the rehearsal clock {path} cannot be written: {error}") from None


class VirtualClock:
    """A clock that stands still until it is moved, and never goes back: for demonstrations."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it was moved to last, UTC."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Let it be that instant, or stay where that is past."""
        self._now = max(self._now, instant.astimezone(UTC))
