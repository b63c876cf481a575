"""The command line: parse, call one thing, answer. Verbs import what they need when called."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from alpha_oracle.entrypoints.cli import (
    alerts,
    approvals,
    backtests,
    data,
    demo,
    inbox,
    kill_switch,
    models,
    orders,
    processes,
    reconcile,
    records,
    reference,
    research,
    stack,
    strategies,
    sweeps,
    training,
)
from alpha_oracle.entrypoints.cli.attendance import count_operator
from alpha_oracle.entrypoints.cli.output import quiet_logging
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, DataError
from alpha_oracle.telemetry import disable_dependency_telemetry, redact_text

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "alpha-oracle"
FAILED: Final = 1
WRONG_USE: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 128 + signal.SIGTERM
EVERYWHERE: Final = ("--debug", "--verbose")

app = typer.Typer(
    name=NAME,
    help="Daily US-equity swing trading: bars, features, ranked strategies, signals, orders.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
for room in (
    demo,
    stack,
    data,
    reference,
    research,
    backtests,
    sweeps,
    strategies,
    training,
    models,
    records,
    inbox,
    orders,
    kill_switch,
    approvals,
    alerts,
    reconcile,
    processes,
):
    room.register(app)

DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Log every event to stderr.")]


@app.callback()
def prepare(*, debug: DebugOption = False, verbose: VerboseOption = False) -> None:
    """Set up logging before any verb."""
    quiet_logging(verbose=verbose or debug)


def main() -> None:
    """Run the command line; errors are one line on stderr and an exit code."""
    disable_dependency_telemetry()
    # Ends as any exit does: the last user of an embedded store stops it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    arguments = _switches_first(sys.argv[1:])
    try:
        sys.exit(run(arguments))
    except Exception as error:  # The top of the process: whatever it is, a person reads it.
        if EVERYWHERE[0] in arguments:
            raise
        sys.exit(_tell(error))


def run(arguments: Sequence[str]) -> int:
    """Run one verb; return its exit code.

    Raises:
        AlphaOracleError: what was asked for cannot be done.
        TyperException: what was asked for is no verb or option.
    """
    result = app(arguments or ["--help"], prog_name=NAME, standalone_mode=False)
    if result == INTERRUPTED:
        typer.echo(f"{NAME}: interrupted", err=True)
    else:
        count_operator(arguments)
    return result if isinstance(result, int) else 0


def _switches_first(arguments: Sequence[str]) -> list[str]:
    # Whoever repeats a failed command adds --debug to its end.
    switches = [argument for argument in arguments if argument in EVERYWHERE]
    return switches + [argument for argument in arguments if argument not in EVERYWHERE]


def _tell(error: Exception) -> int:
    code, message = _meaning(error)
    typer.echo(f"{NAME}: {' '.join(message.split())}", err=True)
    return code


def _meaning(error: Exception) -> tuple[int, str]:
    match error:
        case typer.TyperException():
            return WRONG_USE, f"{_message(error)}; see `{_verb(error)} --help`"
        case typer.Abort():
            return INTERRUPTED, "interrupted"
        case ConfigurationError() | DataError():
            return WRONG_USE, str(error)
        case AlphaOracleError():
            return FAILED, str(error)
        case OSError():
            return FAILED, f"{error}; check that the place is writable and its disk has room"
        case _:
            told = f"unexpected {type(error).__name__}: {redact_text(str(error))}"
            return FAILED, f"{told}; repeat it with --debug to see where"


def _message(error: typer.TyperException) -> str:
    message = error.format_message().strip().rstrip(".").replace("Value error, ", "")
    return message[:1].lower() + message[1:]


def _verb(error: typer.TyperException) -> str:
    context: typer.Context | None = getattr(error, "ctx", None)
    return context.command_path if context else NAME
