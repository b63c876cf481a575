"""What an operator set: in a file, and over it in the environment; values without a meaning yet."""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "ALPHA_ORACLE_"
FILE_NAME: Final = "alpha_oracle.toml"
CONFIG_VARIABLE: Final = "ALPHA_ORACLE_CONFIG"
NOT_SETTINGS: Final = frozenset({CONFIG_VARIABLE})
FROM_FILE: Final = "_FILE"
"""What a variable's name ends with that names a file its value is in: secrets travel so."""

DEFAULT_HOME: Final = Path("~/.alpha-oracle")


def environment_values(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the environment sets, as a tree; whoever misspells a key is told by the tree.

    `ALPHA_ORACLE_DATABASE__URL_FILE` names a file that holds what `ALPHA_ORACLE_DATABASE__URL`
    would; so does any other variable with that ending.

    Raises:
        ConfigurationError: a variable goes below one that has a value, a file cannot be read or
            is empty, or both a variable and its file are set; never with the value.
    """
    values: dict[str, Any] = {}
    for variable in sorted(environment):
        if variable.upper().startswith(PREFIX) and variable.upper() not in NOT_SETTINGS:
            text = environment[variable]
            if variable.upper().endswith(FROM_FILE):
                text = _secret(text, variable=variable)
            _put(values, text, variable=variable)
    return values


def _secret(path: str, *, variable: str) -> str:
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ConfigurationError(
            f"{variable} names {path}, which cannot be read: {reason}"
        ) from None
    if not text:
        raise ConfigurationError(f"{variable} names {path}, which is empty")
    return text


def _put(values: dict[str, Any], text: str, *, variable: str) -> None:
    name = variable[len(PREFIX) :].lower().removesuffix(FROM_FILE.lower())
    *sections, key = name.split("__")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigurationError(f"{variable} goes below a setting that already has a value")
    if key in values:
        raise ConfigurationError(f"{variable} sets what another variable sets; remove one of them")
    values[key] = _environment_value(text)


def _environment_value(text: str) -> Any:  # noqa: ANN401 - JSON holds any value.
    if text[:1] in {"[", "{"}:
        with suppress(json.JSONDecodeError):
            return json.loads(text)
    return text


def settings_file(environment: Mapping[str, str], folder: Path) -> Path | None:
    """Return the file to read: the named one, else the one in `folder`, else the one under home.

    Raises:
        ConfigurationError: the named one is no file.
    """
    named = environment.get(CONFIG_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigurationError(f"{CONFIG_VARIABLE} names {path}, which is no file")
        return path
    home = Path(environment.get(f"{PREFIX}HOME") or DEFAULT_HOME).expanduser()
    candidates = (folder / FILE_NAME, home / FILE_NAME)
    return next((path for path in candidates if path.is_file()), None)


def file_values(path: Path) -> dict[str, Any]:
    """Return what a file sets, as a tree.

    Raises:
        ConfigurationError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from None


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two trees as one; where both say something, `above` wins."""
    tree = dict(below)
    for key, value in above.items():
        lower = tree.get(key)
        both = isinstance(value, dict) and isinstance(lower, dict)
        tree[key] = merged(lower, value) if both else value  # type: ignore[arg-type]
    return tree
