"""Which verbs count as an operator being there: those that change state, whatever they change.

Verbs of trading put it on record themselves, as what they ask for is audited besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from alpha_oracle.entrypoints.cli.options import operator_name
from alpha_oracle.errors import AlphaOracleError

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANGING: Final = frozenset({
    ("pipeline",),
    ("backfill",),
    ("rank",),
    ("train",),
    ("sweep",),
    ("import",),
    ("reference", "fundamentals"),
    ("reference", "alternative"),
    ("quarantine", "release"),
    ("models", "promote"),
    ("models", "rollback"),
    ("alerts", "acknowledge"),
    ("db", "upgrade"),
    ("db", "restore"),
})  # fmt: skip


def changing_verb(arguments: Sequence[str]) -> str | None:
    """Return the verb of a command line where it changes state, its words joined by `_`."""
    if "--help" in arguments:
        return None
    words = [argument for argument in arguments if not argument.startswith("-")]
    for verb in (tuple(words[:1]), tuple(words[:2])):
        if verb in CHANGING:
            return "_".join(verb)
    return None


def count_operator(arguments: Sequence[str]) -> None:
    """Put on record that an operator is there, if the verb that was just run says so."""
    verb = changing_verb(arguments)
    if verb is None:
        return
    from alpha_oracle.bootstrap.operating import note_operator

    try:
        note_operator(verb, by=operator_name())
    except AlphaOracleError as error:
        # What was asked for is done: only the dead man switch does not know of it.
        typer.echo(f"alpha-oracle: not counted as an operator being there: {error}", err=True)
