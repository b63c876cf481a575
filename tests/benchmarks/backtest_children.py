"""What the backtest's benchmark measures in a process of its own: `first_call` or `memory`."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from time import perf_counter

MIB = 2**20


def first_call():
    """Print what a new process waits for before its first result."""
    started = perf_counter()
    import alpha_oracle.research.simulator  # noqa: F401, PLC0415 - Timed.

    imported = perf_counter() - started
    run = _job(symbols=20, sessions=300)
    started = perf_counter()
    run()
    print(  # noqa: T201 - The parent reads it.
        f"import {imported:.2f} s, first call {perf_counter() - started:.2f} s (wall)"
    )


def memory():
    """Print the peak on top of the bars: decisions, a run and its figures, after a small run."""
    _job(symbols=20, sessions=300)()
    run = _job(symbols=500, sessions=2520)
    # What was freed counts as resident until the allocator gives it back.
    ctypes.CDLL(None).malloc_trim(0)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    run()
    more, bars = _resident("VmHWM") - before, 5 * 500 * 2520 * 8
    print(  # noqa: T201 - The parent reads it.
        f"memory on top of {bars / MIB:.0f} MiB of bars: {more / MIB:.0f} MiB, "
        f"{more / bars:.2f} of them (bound: at most 2)"
    )


def _job(*, symbols, sessions):
    from tests.benchmarks import test_backtest_speed as bench  # noqa: PLC0415 - After the import.

    panel = bench.a_gapless_panel(symbols=symbols, sessions=sessions)
    terms = bench.some_terms(slots=20)
    return lambda: bench.ours(bench.momentum(panel), panel, terms=terms)


def _resident(what):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise LookupError(what)


if __name__ == "__main__":
    {"first_call": first_call, "memory": memory}[sys.argv[1]]()
