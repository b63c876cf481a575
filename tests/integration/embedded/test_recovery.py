import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

import psycopg2
import pytest
import redis

from alpha_oracle.errors import ConfigurationError
from tests.integration.embedded.processes import STORES

PID_FILES = {"postgres": "postmaster.pid", "redis": "redis.pid"}
DAMAGED_FILES = {"postgres": "global/pg_control", "redis": "appendonly.aof"}
WORDS = {
    "postgres": r"PANIC: .*pg_control.*; if .*/postgres is damaged, restore it .*postgres\.log",
    "redis": r"Bad file format .*; if .*/redis is damaged, restore it .*redis\.log",
}

HOLDS_LOCK = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def remember(url):
    """Write something that must outlive a kill."""
    if url.startswith("unix:"):
        with closing(redis.Redis.from_url(url)) as client:
            client.set("kept", "yes")
    else:
        with (
            closing(psycopg2.connect(url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 'yes' AS word")


def recall(url):
    """Read it."""
    if url.startswith("unix:"):
        with closing(redis.Redis.from_url(url, decode_responses=True)) as client:
            return client.get("kept")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT word FROM kept")
        return cursor.fetchone()[0]


def kill_server(store):
    os.kill(store.status().pid, signal.SIGKILL)


def test_a_killed_server_starts_again_with_what_it_was_told(store):
    with store.attached() as url:
        remember(url)
        kill_server(store)
        with store.attached():
            assert recall(url) == "yes"
    assert not store.status().running


def test_a_pid_file_that_names_another_living_process_blocks_nothing(store, name, used_home):
    with store.attached():
        kill_server(store)
        pid_file = used_home / name / PID_FILES[name]
        _, *rest = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(os.getppid()), *rest, ""]))
        assert store.status().pid is None
        with store.attached() as url:
            remember(url)
            assert recall(url) == "yes"


def test_a_first_start_killed_half_way_is_done_anew(tmp_path):
    (tmp_path / "postgres.new-1" / "base").mkdir(parents=True)
    (tmp_path / "postgres.new-1" / "PG_VERSION").write_text("18\n")
    with STORES["postgres"](tmp_path).attached() as url:
        remember(url)
        assert recall(url) == "yes"
    assert list(tmp_path.glob("postgres.new*")) == []


def test_a_start_waits_for_the_last_processes_of_a_dying_server(tmp_path):
    (tmp_path / "run").mkdir()
    with (
        subprocess.Popen(
            [sys.executable, "-c", HOLDS_LOCK, str(tmp_path / "run" / "redis.server")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as holder,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.stdout.readline()
        url = pool.submit(STORES["redis"](tmp_path).attach)
        assert not wait([url], timeout=0.3).done
        holder.stdin.close()
        assert url.result(timeout=300)
        STORES["redis"](tmp_path).detach()


def test_a_damaged_data_folder_is_told_in_one_line_with_the_servers_words(
    store, name, used_home, tmp_path
):
    with store.attached() as url:
        remember(url)
    shutil.copytree(used_home / name, tmp_path / name)
    (tmp_path / name / DAMAGED_FILES[name]).write_bytes(b"*not what belongs here\r\n" * 9)
    damaged = STORES[name](tmp_path)
    with pytest.raises(ConfigurationError, match=WORDS[name]) as refused:
        damaged.attach()
    assert "\n" not in str(refused.value)
    assert not damaged.status().running
