"""What the models' benchmark measures in a process of its own: the peak of a fit's memory."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import replace
from pathlib import Path

from alpha_oracle.ml.fitting import fit
from tests.unit.ml.markets import a_market, a_recipe

MIB = 2**20
SYMBOLS, SESSIONS, FEATURES = 500, 2520, 64


def memory(tuning_trials):
    """Print the peak on top of the imported process, features as given included."""
    small, told = a_market(features=FEATURES)
    fit(a_recipe(told, rounds=3), small, told, start=0, stop=260)
    # What was freed counts as resident until the allocator gives it back.
    ctypes.CDLL(None).malloc_trim(0)
    before = _resident("VmRSS")
    panel, values = a_market(symbols=SYMBOLS, sessions=SESSIONS, features=FEATURES, told=0.002)
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    recipe = replace(a_recipe(values, rounds=5), threads=2, tuning_trials=tuning_trials)
    fit(recipe, panel, values, start=0, stop=SESSIONS)
    more, matrix = _resident("VmHWM") - before, SYMBOLS * SESSIONS * FEATURES * 4
    print(  # noqa: T201 - The parent reads it.
        f"memory of a fit, {tuning_trials} tuning trials: {more / MIB:.0f} MiB on top of the "
        f"imported process, {more / matrix:.2f} of the matrix's {matrix / MIB:.0f} (at most 3)"
    )


def _resident(what):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise LookupError(what)


if __name__ == "__main__":
    memory(int(sys.argv[1]))
