"""What a check of an installation found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found; where it is not ok, `text` says how to mend it."""

    check: str
    ok: bool
    text: str
