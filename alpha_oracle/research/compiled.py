"""Plain functions, compiled together: the scalar rules of `risk` and the session loop around them.

The plain functions stay as they are, so tests run and measure them without numba.
"""

from __future__ import annotations

import hashlib
import inspect
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Function = TypeVar("Function", bound="Callable[..., object]")


def compiled(entry: Function, *, calls: Sequence[Callable[..., object]]) -> Function:
    """Return `entry` compiled with the functions it calls, each listed after what it calls itself.

    The machine code is cached on disk, so the next process does not compile again.
    """
    known: dict[str, object] = {}
    for function in calls:
        known[function.__name__] = numba.njit(_linked(function, known))
    kernel = _linked(entry, known)
    # numba renews its cache when the file of `entry` changes, not when a callee's file does:
    # the cached code of a changed sizing rule would live on. The name carries all their sources.
    kernel.__qualname__ = f"{entry.__name__}_{_digest((entry, *calls))}"
    return cast("Function", numba.njit(cache=True)(kernel))


def _linked(function: Callable[..., object], known: dict[str, object]) -> FunctionType:
    plain = cast("FunctionType", function)
    return FunctionType(plain.__code__, {**plain.__globals__, **known}, plain.__name__)


def _digest(functions: Sequence[Callable[..., object]]) -> str:
    sources = "".join(inspect.getsource(function) for function in functions)
    return hashlib.sha256(sources.encode()).hexdigest()[:12]
