import subprocess
import sys

import pytest

from tests.end_to_end.command_line import ask, ask_process
from tests.end_to_end.worlds import installed, settings_of

HEAVY = ("great_expectations", "numba", "pandas", "prefect", "pyarrow")
SEE = "; see `alpha-oracle"
NO_SERVER = "postgresql://me:s3cret@127.0.0.1:1/market"
TO_STORES = {"database_url": NO_SERVER, "redis_url": "redis://:s3cret@127.0.0.1:1/0"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with files that are no bars."""
    place = tmp_path / "here"
    place.mkdir()
    (place / "wrong.csv").write_text("a,b,c\n1,2,3\n")
    (place / "empty.csv").touch()
    (place / "header.csv").write_text("symbol,date,open,high,low,close,volume\n")
    (place / "corrupt.parquet").write_bytes(b"\x00\x17" * 500)
    (place / "latin.csv").write_bytes(b"symbol,date\n\xe9\xff,1\n")
    (place / "bars.doc").touch()
    (place / "nothing").mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def nobody_home(home, folder):
    """An installation none of whose stores can be reached, late on 2019-11-29."""
    with installed(settings_of(home, **TO_STORES)):
        yield home


def refused(code, message):
    return {"code": code, "out": "", "err": f"alpha-oracle: {message}\n"}


def facts(answer):
    return {"code": answer.code, "out": answer.out, "err": answer.err}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("nope", f"no such command 'nope'{SEE} --help`"),
        ("--nope", f"no such option: --nope{SEE} --help`"),
        (
            "pipeline --forse",
            f"no such option: --forse (Possible options: --force){SEE} pipeline --help`",
        ),
        ("import", f"missing command{SEE} import --help`"),
        ("import bars", f"missing argument 'path'{SEE} import bars --help`"),
        (
            "import bars x.csv --prices odd",
            (
                "invalid value for '--prices': 'odd' is not one of 'raw', 'split_adjusted', "
                f"'fully_adjusted'{SEE} import bars --help`"
            ),
        ),
        (
            "pipeline --date tomorrow",
            (
                "invalid value for '--date': 'tomorrow' is no date; expected one like 2016-06-01"
                f"{SEE} pipeline --help`"
            ),
        ),
        (
            "pipeline --date 2019-02-29",
            (
                "invalid value for '--date': '2019-02-29' is no date; expected one like 2016-06-01"
                f"{SEE} pipeline --help`"
            ),
        ),
        (
            "pipeline --as-of 2019-11-29T22:00",
            (
                "invalid value for '--as-of': '2019-11-29T22:00' is no instant with a time zone; "
                f"expected one like 2016-06-01T21:00:00Z{SEE} pipeline --help`"
            ),
        ),
        (
            "pipeline --symbols ,",
            (
                "invalid value: ',' names no symbol; expected some like AAPL,BRK.B"
                f"{SEE} pipeline --help`"
            ),
        ),
        (
            "pipeline --symbols A,^B",
            (
                "invalid value: '^B' is not a ticker; expected letters like AAPL or BRK.B"
                f"{SEE} pipeline --help`"
            ),
        ),
        (
            "pipeline --source nope",
            "no bar source is called 'nope'; known: alpha_vantage, files, ibkr, synthetic",
        ),
        (
            "pipeline --date 2019-12-02",
            (
                "2019-12-02 is not over: its signals are decided at 17:00 New York "
                "(2019-12-02 22:00 UTC); the newest session to run is 2019-11-29"
            ),
        ),
        (
            "pipeline --date 2019-11-27 --as-of 2019-11-27T20:59:59Z",
            (
                "as of 2019-11-27T20:59:59+00:00 the bars of 2019-11-27 are not known; use an "
                "instant from its close 2019-11-27T21:00:00+00:00 on"
            ),
        ),
        ("backfill --start 2019-01-02", f"missing option '--end'{SEE} backfill --help`"),
        (
            "rank --date 2019-11-28",
            "no session: the exchange is closed on Thursday 2019-11-28; the next is 2019-11-29",
        ),
        (
            "features export --start 2019-11-28 --end 2019-11-28 --out f.parquet",
            "there is no session from 2019-11-28 to 2019-11-28; widen the range",
        ),
        (
            "features export --start 2019-11-27 --end 2019-11-27 --out no/f.parquet",
            "no is no folder; make it, or name another file",
        ),
        (
            "quarantine release --reason seen",
            "name either ids or --symbol; see `quarantine list`",
        ),
        ("quarantine release 5", f"missing option '--reason'{SEE} quarantine release --help`"),
        ("demo --date 2019-12-28", "the exchange is closed on 2019-12-28; pick --date 2019-12-30"),
        (
            "demo --date 2010-01-04",
            "the generated market starts on 2014-12-31; pick a --date some years later",
        ),
    ],
    ids=lambda text: text.partition(";")[0][:40],
)
def test_wrong_use_is_told_in_one_line(nobody_home, command, message):
    assert facts(ask(*command.split())) == refused(2, message)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "missing.csv",
            "missing.csv does not exist; give a CSV or Parquet file, or a folder of them",
        ),
        (
            "wrong.csv",
            (
                "wrong.csv has no column date, open, high, low, close, volume; found a, b, c; "
                "expected symbol, date, open, high, low, close, volume (in any case)"
            ),
        ),
        ("empty.csv", "empty.csv is empty; expected a header and rows"),
        ("header.csv", "header.csv has a header but no rows; nothing was read"),
        (
            "corrupt.parquet",
            (
                "corrupt.parquet is damaged or mislabelled: Parquet magic bytes not found in "
                "footer. Either the file is corrupted or this is not a parquet file."
            ),
        ),
        ("latin.csv", "latin.csv is not UTF-8 text; save it as UTF-8 and try again"),
        (
            "bars.doc",
            (
                "bars.doc is neither CSV nor Parquet; expected "
                ".csv, .csv.gz, .txt, .txt.gz, .parquet, .pq"
            ),
        ),
        (
            "nothing",
            "nothing holds no bar files; expected .csv, .csv.gz, .txt, .txt.gz, .parquet, .pq",
        ),
    ],
)
def test_a_file_nobody_can_read_is_told_before_any_store_is_asked(nobody_home, file, message):
    assert facts(ask("import", "bars", file)) == refused(2, message)


@pytest.mark.parametrize("what", ["members", "sectors", "actions"])
def test_other_files_are_refused_alike(nobody_home, what):
    answer = ask("import", what, "wrong.csv")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("alpha-oracle: wrong.csv has no column symbol")
    assert answer.err.count("\n") == 1


def test_json_errors_leave_stdout_empty(nobody_home):
    answer = ask("import", "bars", "missing.csv", "--json")
    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        pytest.param(
            {"ALPHA_ORACLE_DATA__SORCE": "files"},
            "settings (from the environment and ALPHA_ORACLE_*): unknown setting data.sorce "
            "(ALPHA_ORACLE_DATA__SORCE); remove it or mend its name",
            id="unknown",
        ),
        pytest.param(
            {"ALPHA_ORACLE_DATA__SOURCE": "odd"},
            "settings (from the environment and ALPHA_ORACLE_*): data.source "
            "(ALPHA_ORACLE_DATA__SOURCE): Input should be 'alpha_vantage', 'files', 'ibkr' or "
            "'synthetic'",
            id="wrong",
        ),
        pytest.param(
            {"ALPHA_ORACLE_CONFIG": "/no/such.toml"},
            "ALPHA_ORACLE_CONFIG names /no/such.toml, which is no file",
            id="no file",
        ),
    ],
)
def test_a_wrong_setting_of_the_environment_is_named(home, variables, message):
    with installed({"ALPHA_ORACLE_HOME": str(home), **variables}):
        assert facts(ask("signals")) == refused(2, message)


def test_an_unknown_setting_of_the_file_is_named(nobody_home, folder):
    file = folder / "alpha_oracle.toml"
    file.write_text("[data]\nsorce = 'files'\n")
    expected = (
        f"settings (from {file} and ALPHA_ORACLE_*): unknown setting data.sorce "
        "(ALPHA_ORACLE_DATA__SORCE); remove it or mend its name"
    )
    assert facts(ask("signals")) == refused(2, expected)
    [settings] = ask("doctor", "--json").document
    assert settings == {"check": "settings", "ok": False, "finding": expected}


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        pytest.param(
            NO_SERVER,
            1,
            "Postgres at 127.0.0.1:1, database market cannot be reached (connection to server at "
            '"127.0.0.1", port 1 failed: Connection refused); check that it runs and that '
            "database.url is right",
            id="nobody answers",
        ),
        pytest.param(
            "mysql://me:s3cret@there/market",
            2,
            "database.url starts with mysql://; expected postgresql://",
            id="another kind",
        ),
        pytest.param(
            "postgresql://me:s3cret@there:port/market",
            2,
            "database.url cannot be read; expected postgresql://user:password@host:5432/name",
            id="no URL",
        ),
    ],
)
def test_a_wrong_database_is_told_without_its_password(home, url, code, message):
    with installed(settings_of(home, database_url=url, redis_url=TO_STORES["redis_url"])):
        assert facts(ask("signals")) == refused(code, message)


def test_a_redis_nobody_answers_at_is_told_without_its_password(home, database_url):
    environment = settings_of(
        home, database_url=database_url, redis_url="redis://:s3cret@127.0.0.1:1/0"
    )
    with installed(environment):
        answer = ask("doctor", "--json")
        states = ask("status", "--json")
    assert answer.code == 1
    assert "s3cret" not in answer.out + answer.err + states.out + states.err
    [stores] = [row for row in answer.document if row["check"] == "redis"]
    assert stores["finding"] == (
        "Redis at redis://127.0.0.1:1/0 failed (ConnectionError); start it or mend redis.url"
    )
    healthy = {row["component"]: row["healthy"] for row in states.document}
    assert (states.code, healthy["postgres"], healthy["redis"]) == (1, True, False)


def test_a_home_that_is_a_file_is_told_with_the_way_out(tmp_path):
    home = tmp_path / "home"
    home.touch()
    with installed({"ALPHA_ORACLE_HOME": str(home)}):
        answer = ask("signals")
        assert facts(answer) == refused(
            2,
            f"the embedded postgres cannot use {home}: [Errno 17] File exists: '{home}'; make that "
            "folder writable, free space on its disk, or set ALPHA_ORACLE_HOME to another",
        )
        assert ask("down").err.count("\n") == 1


def test_a_traceback_shows_only_where_it_is_asked_for(home):
    environment = {"ALPHA_ORACLE_HOME": str(home)}
    told = ask_process(environment, "import", "bars", "/no/such.csv")
    shown = ask_process(environment, "import", "bars", "/no/such.csv", "--debug")
    assert (told.code, told.err.count("\n"), "Traceback" in told.err) == (2, 1, False)
    assert (shown.code, shown.out) == (1, "")
    assert "Traceback" in shown.err


def test_verbs_that_read_the_record_load_no_library_of_the_research_lane():
    script = "\n".join(
        (
            "import sys",
            "import alpha_oracle.entrypoints.cli.main",
            "import alpha_oracle.bootstrap.records",
            "import alpha_oracle.bootstrap.installation",
            f"print([name for name in {HEAVY} if name in sys.modules])",
        )
    )
    assert _python("-W", "error", "-c", script) == "[]\n"


def _python(*arguments):
    ran = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True)
    return ran.stdout
