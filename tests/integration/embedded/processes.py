"""Other processes that use an embedded store."""

import subprocess
import sys
from pathlib import Path

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis

STORES = {"postgres": embedded_postgres, "redis": embedded_redis}
PROJECT = Path(__file__).parents[3]

USES = """
import sys
from pathlib import Path
from tests.integration.embedded.processes import STORES
print(STORES[sys.argv[1]](Path(sys.argv[2])).attach(), flush=True)
sys.stdin.read()
"""

# The child reads standard input too: it lives until the test closes it.
FORKS_AND_LEAVES = """
import os, sys
from pathlib import Path
from tests.integration.embedded.processes import STORES
store = STORES[sys.argv[1]](Path(sys.argv[2]))
url = store.attach()
child = os.fork()
if child == 0:
    print(url, flush=True)
    sys.stdin.read()
    store.detach()
    os._exit(0)
store.detach()
os.waitpid(child, 0)
"""


class User:
    """A process that attaches and stays until told to leave."""

    def __init__(self, name, home, *, program=USES):
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, name, str(home)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()
        self._process.stdout.close()

    @property
    def pid(self):
        return self._process.pid

    def url(self):
        """Wait until it is attached; its URL."""
        return self._process.stdout.readline().strip()

    def leave(self):
        """Let it end by itself."""
        if not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(timeout=300)

    def kill(self):
        """End it as the kernel does when memory runs out."""
        self._process.kill()
        self._process.wait(timeout=300)
