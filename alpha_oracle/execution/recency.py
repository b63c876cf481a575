"""Whether something was done lately, by a clock that may be set back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def is_recent(at: datetime | None, now: datetime, *, within: timedelta) -> bool:
    """Whether something was done, less than so long ago; what lies ahead of `now` was not."""
    return at is not None and timedelta(0) <= now - at < within
