"""Backups of the database: written while all goes on, restored while nothing runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alpha_oracle.entrypoints.cli.options import operator_name, typed_word
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def register(database: typer.Typer) -> None:
    """Add these verbs to those of the database."""
    database.command("backup")(write_backup)
    database.command("restore")(restore_backup)


def write_backup(file: FileArgument, *, as_json: JsonOption = False) -> None:
    """Back the database up to a new file; what runs goes on."""
    from alpha_oracle.bootstrap.backups import back_up

    version = back_up(file)
    facts = {"file": str(file), "schema": version, "bytes": file.stat().st_size}
    print_facts(facts, as_json=as_json)


def restore_backup(
    file: FileArgument,
    *,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="WORD", help="REPLACE, unless it is empty.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the database by a backup; the kill switch is active until you resume."""
    from alpha_oracle.bootstrap.backups import REPLACE_WORD, is_empty, restore

    what = "replaces all that the database holds"
    word = confirm if is_empty() else typed_word(confirm, REPLACE_WORD, what=what)
    version = restore(file, word=word, by=operator_name())
    facts = {"restored": str(file), "schema": version, "kill_switch": "active"}
    print_facts(facts, as_json=as_json)
