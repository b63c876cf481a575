"""The command line: parse, call one thing, answer. Verbs import what they need when called."""

from __future__ import annotations

import sys
from typing import Annotated

import click
import typer

from alpha_oracle.entrypoints.cli import data, demo, records, research, stack
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, DataError
from alpha_oracle.telemetry import disable_dependency_telemetry

app = typer.Typer(
    name="alpha-oracle",
    help="Daily US-equity swing trading: bars, features, ranked strategies, signals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
for room in (demo, stack, data, research, records):
    room.register(app)

DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Log every event to stderr.")]


@app.callback()
def prepare(*, debug: DebugOption = False, verbose: VerboseOption = False) -> None:
    """Set up logging before any verb."""
    from alpha_oracle.entrypoints.cli.output import quiet_logging

    quiet_logging(verbose=verbose or debug)


def main() -> None:
    """Run the command line; errors are one line on stderr and an exit code."""
    disable_dependency_telemetry()
    debug = "--debug" in sys.argv
    try:
        result = app(standalone_mode=False)
    except AlphaOracleError as error:
        if debug:
            raise
        _fail(str(error), code=_exit_code(error))
    except click.exceptions.Abort:
        _fail("interrupted", code=130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    sys.exit(result if isinstance(result, int) else 0)


def _exit_code(error: AlphaOracleError) -> int:
    return 2 if isinstance(error, ConfigurationError | DataError) else 1


def _fail(message: str, *, code: int) -> None:
    line = " ".join(message.split())
    typer.echo(f"alpha-oracle: {line}", err=True)
    sys.exit(code)
