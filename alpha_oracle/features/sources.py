"""What a formula is made of: its source, the kernels and constants it names, and theirs in turn."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from alpha_oracle.features import packing, ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alpha_oracle.features.formula import Formula

PACKAGE: Final = __name__.partition(".")[0]
CONSTANTS: Final = (bool, int, float, str, tuple, np.ndarray)


def definition_hash(formula: Formula) -> str:
    """Return a hash that changes when a formula, or one it stands on, computes something else.

    How its input reaches it counts too. Comments, docstrings and layout do not. The versions of
    numpy and numba do, and how kernels are compiled: another may round differently, and a cached
    value must equal a computed one to the bit.
    """
    kinds = {part.kind for part in formula.parts()}
    parts = sources_of(*formula.functions(), *(step for kind in kinds for step in ways.of(kind)))
    parts.update(_compiler())
    text = "\n".join(f"{name}\n{parts[name]}" for name in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def sources_of(*functions: Callable[..., object]) -> dict[str, str]:
    """Return what the functions and all they name are made of, by qualified name."""
    parts: dict[str, str] = {}
    for function in functions:
        plain = _plain(function)
        if isinstance(plain, FunctionType):
            _collect(plain, parts)
    return parts


def _compiler() -> Iterator[tuple[str, str]]:
    yield "numpy", np.__version__
    yield "numba", numba.__version__
    yield "kernels", repr(sorted(getattr(packing.pack, "targetoptions", {}).items()))


def _collect(function: FunctionType, parts: dict[str, str]) -> None:
    name = f"{function.__module__}.{function.__qualname__}"
    if name in parts:
        return
    parts[name] = _canonical_source(function)
    for named, value in _named_values(function):
        plain = _plain(value)
        if isinstance(plain, FunctionType) and _is_ours(plain, function):
            _collect(plain, parts)
        elif isinstance(value, CONSTANTS):
            parts[f"{name}:{named}"] = _constant(value)


def _plain(function: object) -> object:
    return getattr(function, "py_func", function)


def _is_ours(function: FunctionType, caller: FunctionType) -> bool:
    module = function.__module__
    return module == caller.__module__ or module.partition(".")[0] == PACKAGE


def _named_values(function: FunctionType) -> Iterator[tuple[str, object]]:
    names = sorted(_names(function.__code__))
    spaces = [function.__globals__]
    spaces += [
        vars(value)
        for value in map(function.__globals__.get, names)
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] == PACKAGE
    ]
    for space in spaces:
        yield from ((name, space[name]) for name in names if name in space)


def _names(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _constant(value: object) -> str:
    return value.tobytes().hex() if isinstance(value, np.ndarray) else repr(value)


@cache
def _canonical_source(function: FunctionType) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if isinstance(definition, ast.FunctionDef):
        definition.decorator_list = []
        if ast.get_docstring(definition) is not None:
            definition.body = definition.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
