"""How tests ask the command line: in this process, or in one of its own."""

import json
import logging
import os
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
import structlog

from alpha_oracle.config_values import PREFIX
from alpha_oracle.entrypoints.cli.main import main

COMMAND = Path(sys.executable).with_name("alpha-oracle")
PATIENCE_SECONDS = 600
"""As long as anything may take beside all others on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        """The one JSON document on stdout."""
        assert self.code in {0, 1}, self.err
        return json.loads(self.out)


def ask(*arguments):
    """Ask the command line in this process, which belongs to some installation."""
    out, err = StringIO(), StringIO()
    with _left_as_it_was(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["alpha-oracle", *map(str, arguments)])
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            main()
    return Answer(code=end.value.code, out=out.getvalue(), err=err.getvalue())


def ask_process(environment, *arguments):
    """Ask the command line in a process of its own."""
    with begin_process(environment, *arguments) as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return Answer(code=process.returncode, out=out, err=err)


def begin_process(environment, *arguments, stderr=subprocess.PIPE):
    """Start a command of an installation; other settings of this process do not reach it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        env={**others, **environment},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


@contextmanager
def _left_as_it_was():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
