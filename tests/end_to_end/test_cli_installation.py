import os
import subprocess
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from tests.conftest import SHARED_DATA
from tests.end_to_end.command_line import PATIENCE_SECONDS, ask, ask_process, begin_process
from tests.end_to_end.market_files import write_bars
from tests.end_to_end.worlds import (
    HISTORY_ENDS,
    HISTORY_STARTS,
    NOW,
    SESSION,
    SYMBOLS,
    installed,
)
from tests.ports import a_free_port

PLAYED = ["AAPL", "AMD", "BAC", "C", "CVX", "F", "GE", "IBM", "JPM", "KO", "MSFT", "NVDA", "XOM"]
VERBS = (
    *(
        "demo",
        "up",
        "status",
        "down",
        "doctor",
        "db upgrade",
        "db backup",
        "db restore",
        "pipeline",
        "backfill",
        "rank",
    ),
    *("import bars", "import members", "import sectors", "import actions", "quarantine list"),
    *("quarantine release", "features list", "features export", "signals", "rankings"),
    *("strategies list", "strategies check", "orders", "positions", "worker", "feed", "api"),
    *("kill activate", "kill resume", "kill status", "approvals list", "approvals approve"),
    *("approvals reject", "reconcile show", "reconcile accept", "risk reset-peak"),
)


@pytest.fixture
def environment(home):
    """An installation whose stores are the embedded ones, its bars in a file."""
    file = home.parent / "market.csv"
    write_bars(file, SYMBOLS, start=calendar.shift_session(SESSION, -20), end=HISTORY_ENDS)
    return {
        "ALPHA_ORACLE_HOME": str(home),
        "ALPHA_ORACLE_DATA__FILES__PATH": str(file),
        "ALPHA_ORACLE_DATA__FILES__PRICES": "raw",
        "ALPHA_ORACLE_CLOCK__START_AT": NOW.isoformat(),
        "ALPHA_ORACLE_API__PORT": str(a_free_port()),
    }


@pytest.fixture
def market_file(tmp_path):
    """Bars for a demo: real ones where there are some."""
    real = SHARED_DATA / "bars" / "bars_raw_2010_2016.parquet"
    if not real.exists():
        file = tmp_path / "generated.csv"
        write_bars(file, SYMBOLS, start=HISTORY_STARTS, end=SESSION)
        return file
    table, file = pq.read_table(real), tmp_path / "real.parquet"
    pq.write_table(table.filter(pc.is_in(table["symbol"], pa.array(PLAYED))), file)
    return file


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk too small for a database."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def stores_running(home):
    """Keep the embedded stores up, as another process would."""
    with embedded_postgres(home).attached(), embedded_redis(home).attached():
        yield


def states():
    answer = ask("status", "--json")
    return answer.code, {row["component"]: row for row in answer.document}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    answer = ask(*verb.split(), "--help")
    assert (answer.code, answer.err) == (0, "")
    assert f"Usage: alpha-oracle {verb}" in answer.out


def test_a_bare_command_is_a_question_for_help():
    answer = ask()
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == ask("--help").out


def test_status_starts_nothing(environment):
    with installed(environment):
        code, found = states()
    assert code == 1
    assert set(found) == {
        *("postgres", "redis", "prefect", "supervisor"),
        *("feed", "worker", "api", "watch", "flow-runs"),
    }
    assert not any(row["healthy"] for row in found.values())


def test_stores_live_as_long_as_somebody_uses_them(environment, home):
    with installed(environment):
        assert ask("down").out == "nothing was running\n"
        with stores_running(home):
            _, found = states()
            assert found["postgres"]["healthy"]
            assert found["redis"]["healthy"]
            assert found["postgres"]["users"] == [os.getpid()]
            assert ask_process(environment, "signals").out == "no signals\n"
            assert ask("down").out == "stopped: redis, postgres\n"
        _, found = states()
        assert not found["postgres"]["healthy"]


def test_a_healthy_installation_passes_the_doctor(environment, home):
    with installed(environment), stores_running(home):
        answer = ask("doctor", "--json")
        assert answer.code == 0
        assert [row["check"] for row in answer.document if row["ok"]] == [
            *("settings", "packages", "home", "disk", "time zones", "clock", "ports", "database"),
            *("redis", "broker", "calendar", "strategies", "model", "alerts", "source files"),
        ]
        assert answer.document[-1]["finding"] == "files offers 0 symbols for 2019-11-29"
        assert ask("db", "upgrade").out.startswith("schema 0")
        assert ask("doctor").out.startswith("Doctor")


def test_two_processes_may_start_the_stores_at_once(environment):
    first, second = (begin_process(environment, "signals", "--json") for _ in range(2))
    with first, second:
        assert [process.communicate(timeout=PATIENCE_SECONDS) for process in (first, second)] == [
            ("[]\n", "")
        ] * 2


def test_a_killed_run_leaves_nothing_in_the_way_of_others(environment, prefect_url, home):
    environment |= {"PREFECT_API_URL": prefect_url}
    run = ("pipeline", "--date", SESSION)
    with installed(environment), pytest.MonkeyPatch.context() as patch, stores_running(home):
        patch.setenv("PREFECT_API_URL", prefect_url)
        file = environment["ALPHA_ORACLE_DATA__FILES__PATH"]
        assert ask("import", "bars", file, "--prices", "raw").code == 0
        # Of two there is no bar: however late it is killed, it has not done its work.
        write_bars(home.parent / "market.csv", SYMBOLS[:18], start=SESSION, end=SESSION)
        with begin_process(environment, *run) as process:
            assert process.stderr.readline().startswith("ingestion: ")
            assert ask("signals").code == 0
            process.kill()
        assert ask("signals", "--json").document == []
        write_bars(home.parent / "market.csv", SYMBOLS, start=SESSION, end=SESSION)
        report = ask(*run, "--json").document
        assert report["facts"]["bars"] == "20 of 20 expected symbols (100.0 %)"


def test_a_terminated_run_stops_the_stores_it_was_the_last_to_use(home, prefect_url):
    environment = {
        "ALPHA_ORACLE_HOME": str(home),
        "ALPHA_ORACLE_DATA__SOURCE": "synthetic",
        "PREFECT_API_URL": prefect_url,
    }
    years = ("--start", "2006-01-04", "--end", "2019-12-30")
    with begin_process(environment, "backfill", *years) as process:
        assert process.stderr.readline().startswith("backfill: ")
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 143
    with installed(environment):
        _, found = states()
    assert not found["postgres"]["healthy"]
    assert not found["redis"]["healthy"]


def test_a_full_disk_is_told_with_the_way_out(small_disk):
    with installed({"ALPHA_ORACLE_HOME": str(small_disk / "home")}):
        answer = ask("signals")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("alpha-oracle: the embedded postgres did not start: ")
    assert "free space on the disk of" in answer.err
    assert answer.err.count("\n") == 1


def test_the_demo_plays_bars_of_a_file_to_rankings_signals_orders_and_positions(home, market_file):
    environment = {
        "ALPHA_ORACLE_HOME": str(home),
        # Whatever is set, the demo keeps to its own folder.
        "ALPHA_ORACLE_DATABASE__URL": "postgresql://me:s3cret@127.0.0.1:1/market",
    }
    answer = ask_process(environment, "demo", "--bars", market_file, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert [rank["rank"] for rank in answer.document["rankings"]] == [1, 2, 3, 4]
    assert answer.document["signals"]
    orders, fills = answer.document["orders"], answer.document["fills"]
    assert {order["status"] for order in orders} <= {"FILLED", "CANCELLED", "EXPIRED", "REJECTED"}
    assert {fill["symbol"] for fill in fills} == {
        position["symbol"] for position in answer.document["positions"]
    }
    assert sum(fill["quantity"] for fill in fills) == sum(
        position["quantity"] for position in answer.document["positions"]
    )
    assert sorted(path.name for path in home.iterdir()) == ["demo"]
