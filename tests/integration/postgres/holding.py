"""Another process that holds a lock until it is killed."""

import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def holding(script, database_url):
    """A process that runs a script, which says "held" once it holds what it is to hold."""
    with subprocess.Popen(
        [sys.executable, "-c", script, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
