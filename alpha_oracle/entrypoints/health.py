"""Whether an always-on process of this installation works: what a container's health check asks.

It imports little and opens no store, so that it may be asked twice a minute.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.clock import SystemClock, pinned_clock
from alpha_oracle.bootstrap.presence import ALWAYS_ON, WORKER, is_present, last_beat
from alpha_oracle.config import load_settings
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.config import Settings
    from alpha_oracle.ports.clock import Clock

WRONG_USE: Final = 2
SILENCE: Final = timedelta(seconds=60)
"""How long the worker may give no sign of life before it counts as stuck."""


def main(arguments: Sequence[str]) -> int:
    """Say whether the named process works: 0 it does, 1 it does not, 2 there is none so called."""
    if len(arguments) != 1 or arguments[0] not in ALWAYS_ON:
        return _told(f"name one of {', '.join(ALWAYS_ON)}", code=WRONG_USE)
    try:
        trouble = _trouble(load_settings(), arguments[0])
    except ConfigurationError as error:
        return _told(str(error), code=WRONG_USE)
    return _told(trouble, code=1) if trouble else 0


def _trouble(settings: Settings, name: str) -> str | None:
    if not is_present(settings.home, name):
        return f"the {name} does not work"
    if name != WORKER:
        return None
    beat = last_beat(settings.home, name)
    if beat is None or _clock(settings).now() - beat > SILENCE:
        return f"the {name} is stuck: no sign of life since {beat or 'it began'}"
    return None


def _clock(settings: Settings) -> Clock:
    start_at = settings.clock.start_at
    return pinned_clock(settings.home, start_at=start_at) if start_at else SystemClock()


def _told(text: str, *, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
