"""JSON that came from outside, read into the dataclass it claims to be: exactly, or not at all."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Final,
    NoReturn,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from alpha_oracle.errors import ModelRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


def parsed(content: bytes, *, name: str) -> object:
    """Return what a JSON file says.

    Raises:
        ModelRefused: it is no JSON; NaN and infinities, which JSON does not have, included.
    """
    try:
        said: object = json.loads(content.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelRefused(f"{name} is no JSON: {error}") from None
    return said


def read(kind: type[T], said: object, *, where: str) -> T:
    """Return a value of a type from plain JSON.

    Types are int, float, str, date, enumerations of texts, `tuple[X, ...]`, dataclasses of these,
    and unions of dataclasses that differ in the names of their fields. Every field must be there,
    and no other.

    Raises:
        ModelRefused: it is not of the type; says where.
    """
    return cast("T", _read(kind, said, where))


def _read(kind: object, said: object, where: str) -> object:
    if get_origin(kind) is tuple:
        return _read_tuple(get_args(kind)[0], said, where)
    if isinstance(kind, UnionType):
        return _read(_alternative(kind, said, where), said, where)
    if not isinstance(kind, type):
        raise TypeError(f"{where} is of no type that is read: {kind}")
    if is_dataclass(kind):
        return _read_fields(kind, said, where)
    if issubclass(kind, Enum):
        return _converted(kind, said, where)
    return READERS[kind](said, where)


def _read_tuple(kind: object, said: object, where: str) -> tuple[object, ...]:
    if not isinstance(said, list):
        _refuse("a list", said, where)
    return tuple(_read(kind, part, f"{where}[{at}]") for at, part in enumerate(said))


def _read_fields(kind: type, said: object, where: str) -> object:
    hints = get_type_hints(kind)
    if not _names_fields_of(kind, said):
        _refuse(f"an object of {', '.join(sorted(_names(kind)))}", said, where)
    parts = cast("dict[str, object]", said)
    read_parts = {name: _read(hints[name], part, f"{where}.{name}") for name, part in parts.items()}
    value: object = kind(**read_parts)
    return value


def _alternative(kind: UnionType, said: object, where: str) -> object:
    for choice in get_args(kind):
        if _names_fields_of(choice, said):
            return cast("object", choice)
    return _refuse(f"one of {kind}", said, where)


def _names_fields_of(kind: type, said: object) -> bool:
    return isinstance(said, dict) and said.keys() == _names(kind)


def _names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def _number(said: object, where: str) -> float:
    if isinstance(said, bool) or not isinstance(said, float | int):
        _refuse("a number", said, where)
    try:
        number = float(said)
    except OverflowError:
        _refuse("a number a float can hold", said, where)
    return number if math.isfinite(number) else _refuse("a finite number", said, where)


def _whole(said: object, where: str) -> int:
    if isinstance(said, bool) or not isinstance(said, int):
        _refuse("a whole number", said, where)
    return said


def _text(said: object, where: str) -> str:
    return said if isinstance(said, str) else _refuse("a text", said, where)


def _day(said: object, where: str) -> object:
    return _converted(date.fromisoformat, said, where)


def _converted(convert: Callable[[str], object], said: object, where: str) -> object:
    try:
        return convert(_text(said, where))
    except ValueError:
        return _refuse("a value that is known", said, where)


def _refuse(expected: str, said: object, where: str) -> NoReturn:
    raise ModelRefused(f"{where} is {repr(said)[:80]}, expected {expected}")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


READERS: Final[Mapping[type, Callable[[object, str], object]]] = {
    int: _whole,
    float: _number,
    str: _text,
    date: _day,
}
