"""However many ask at once, no more than ten requests in a second are sent to EDGAR.

When they arrive is for the machine to say: each is counted, and its moment kept, as it is sent.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from alpha_oracle.adapters.edgar.insiders import EdgarInsiders
from alpha_oracle.adapters.postgres.engine import open_database
from tests.conftest import execute
from tests.integration.edgar.asking import an_edgar
from tests.integration.edgar.worlds import START, insider_files
from tests.peers.edgar.server import edgar

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.integration.edgar.asking"]


def keeps_the_rate(peer, database_url, *, seconds):
    """Whether so many requests may be sent in so long, and in any second of it."""
    sent = [at for (at,) in execute(database_url, "SELECT requested_at FROM request_log")]
    busiest = max(sum(0 <= (one - at).total_seconds() < 1 for one in sent) for at in sent)
    return len(sent) == len(peer.asked) <= 10 * (seconds + 1) and busiest <= 10


def test_threads_keep_the_rate_together(database_url):
    with edgar(insider_files(12)) as peer:
        began = time.monotonic()
        with closing(open_database(database_url)) as database:
            source = EdgarInsiders(an_edgar(database, peer.url))
            with ThreadPoolExecutor(2) as pool:
                asked = [pool.submit(source.fetch, "AAA", start=START, known=()) for _ in range(2)]
                answers = [one.result() for one in asked]
        assert [len(answer.filings) for answer in answers] == [12, 12]
        assert keeps_the_rate(peer, database_url, seconds=time.monotonic() - began)


def test_processes_keep_the_rate_together(database_url):
    with edgar(insider_files(8)) as peer:
        command = [*COMMAND, database_url, peer.url, START.isoformat()]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with ExitStack() as stack:
            processes = [
                stack.enter_context(subprocess.Popen(command, cwd=ROOT, **pipes)) for _ in range(2)
            ]
            ready = [process.stdout.readline() for process in processes]
            began = time.monotonic()
            for process in processes:
                process.stdin.write("go\n")
                process.stdin.flush()
            told = [process.communicate(timeout=600)[0].split()[-1] for process in processes]
        assert ready == ["ready\n"] * 2
        assert told == ["8", "8"]
        assert keeps_the_rate(peer, database_url, seconds=time.monotonic() - began)
