"""However many ask at once, EDGAR sees no more than ten requests in a second."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from alpha_oracle.adapters.edgar.insiders import EdgarInsiders
from alpha_oracle.adapters.postgres.engine import open_database
from tests.integration.edgar.asking import an_edgar
from tests.integration.edgar.worlds import START, insider_files
from tests.peers.edgar.server import edgar

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.integration.edgar.asking"]


def test_threads_keep_the_rate_together(database_url):
    with edgar(insider_files(12), per_second=10) as peer:
        with closing(open_database(database_url)) as database:
            source = EdgarInsiders(an_edgar(database, peer.url))
            with ThreadPoolExecutor(2) as pool:
                asked = [pool.submit(source.fetch, "AAA", start=START, known=()) for _ in range(2)]
                answers = [one.result() for one in asked]
        assert [len(answer.filings) for answer in answers] == [12, 12]
        assert peer.busiest_second() <= 10


def test_processes_keep_the_rate_together(database_url):
    with edgar(insider_files(8), per_second=10) as peer:
        command = [*COMMAND, database_url, peer.url, START.isoformat()]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with ExitStack() as stack:
            processes = [
                stack.enter_context(subprocess.Popen(command, cwd=ROOT, **pipes)) for _ in range(2)
            ]
            ready = [process.stdout.readline() for process in processes]
            for process in processes:
                process.stdin.write("go\n")
                process.stdin.flush()
            told = [process.communicate(timeout=60)[0].split()[-1] for process in processes]
        assert ready == ["ready\n"] * 2
        assert told == ["8", "8"]
        assert peer.busiest_second() <= 10
