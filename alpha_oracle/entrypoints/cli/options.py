"""Options that several verbs share, and how their texts are read."""

from __future__ import annotations

import getpass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.errors import UnknownSymbol


def operator_name() -> str:
    """Return who is at the command line, as the audit log names them."""
    return f"cli:{getpass.getuser()}"


def typed_word(given: str | None, word: str, *, what: str) -> str:
    """Return the word that confirms something: given as an option, else typed at the terminal.

    Where nobody can type it is empty.
    """
    if given is not None:
        return given
    try:
        return str(typer.prompt(f"This {what}. Type {word} to confirm", err=True))
    except typer.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            return ""
        raise


def parse_day(text: str) -> date:
    """Return the day a text like 2016-06-01 stands for.

    Raises:
        BadParameter: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; expected one like 2016-06-01") from None


def parse_instant(text: str) -> datetime:
    """Return the instant a text like 2016-06-01T21:00:00Z stands for.

    Raises:
        BadParameter: it is none, or has no time zone.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} is no instant with a time zone; expected one like 2016-06-01T21:00:00Z"
        )
    return instant


def parse_symbols(text: str | None) -> list[str] | None:
    """Return the tickers of a list like AAPL,BRK.B (None: none was given).

    Raises:
        BadParameter: it names nothing, or something that is no ticker.
    """
    if text is None:
        return None
    names = [name for name in text.split(",") if name.strip()]
    if not names:
        raise typer.BadParameter(f"{text!r} names no symbol; expected some like AAPL,BRK.B")
    return [parse_ticker(name) for name in names]


def parse_ticker(text: str) -> Symbol:
    """Return the dotted form of a ticker.

    Raises:
        BadParameter: it is none.
    """
    try:
        return parse_symbol(text)
    except UnknownSymbol as error:
        raise typer.BadParameter(str(error)) from None


PathArgument = Annotated[Path, typer.Argument(help="A file, or a folder of files.")]
DAY = "YYYY-MM-DD"
INSTANT = "YYYY-MM-DDTHH:MM:SSZ"

DateOption = Annotated[
    date | None, typer.Option("--date", parser=parse_day, metavar=DAY, help="The session.")
]
StartOption = Annotated[
    date, typer.Option("--start", parser=parse_day, metavar=DAY, help="First session.")
]
EndOption = Annotated[
    date, typer.Option("--end", parser=parse_day, metavar=DAY, help="Last session, included.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        parser=parse_instant,
        metavar=INSTANT,
        help="Use what was known at this instant; any ISO 8601 time with a zone.",
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="Where bars come from, instead of the setting data.source."),
]
SymbolsOption = Annotated[
    str | None, typer.Option("--symbols", metavar="A,B,...", help="Only these symbols.")
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")]
