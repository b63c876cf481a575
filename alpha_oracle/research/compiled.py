"""Plain functions, compiled together: the scalar rules of `risk` and the session loop around them.

The plain functions stay as they are, so tests run and measure them without numba.
"""

from __future__ import annotations

import hashlib
import inspect
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Function = TypeVar("Function", bound="Callable[..., object]")


def compiled(
    entry: Function, *, calls: Sequence[Callable[..., object]], allocates: bool = True
) -> Function:
    """Return `entry` compiled with the functions it calls, each listed after what it calls itself.

    The machine code is cached on disk, so the next process does not compile again. Code that makes
    no array (`allocates` false) does not count references: otherwise each call counts them for
    every array it is handed, which costs more than the session of a small portfolio.
    """
    # A private option of numba: a version without it refuses the name, at import. Without the
    # interpreter's lock, strategies that are walked forward in threads really run side by side.
    options: dict[str, Any] = {"_nrt": allocates, "nogil": True}
    known: dict[str, object] = {}
    for function in calls:
        known[function.__name__] = numba.njit(**options)(_linked(function, known))
    kernel = _linked(entry, known)
    # numba renews its cache when the file of `entry` changes, not when a callee's file does:
    # the cached code of a changed sizing rule would live on. The name carries all their sources,
    # and the constants they read, which compiled code holds as they were.
    kernel.__qualname__ = f"{entry.__name__}_{_digest((entry, *calls))}"
    return cast("Function", numba.njit(cache=True, **options)(kernel))


def _linked(function: Callable[..., object], known: dict[str, object]) -> FunctionType:
    plain = cast("FunctionType", function)
    return FunctionType(plain.__code__, {**plain.__globals__, **known}, plain.__name__)


def _digest(functions: Sequence[Callable[..., object]]) -> str:
    read = "".join(f"{inspect.getsource(one)}{_constants(one)}" for one in functions)
    return hashlib.sha256(read.encode()).hexdigest()[:12]


def _constants(function: Callable[..., object]) -> list[tuple[str, object]]:
    plain = cast("FunctionType", function)
    known = ((name, plain.__globals__.get(name)) for name in plain.__code__.co_names)
    return [(name, value) for name, value in known if isinstance(value, int | float)]
