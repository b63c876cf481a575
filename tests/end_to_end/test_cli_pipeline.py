import pyarrow.parquet as pq
import pytest

from alpha_oracle import calendar
from tests.end_to_end.command_line import ask, ask_process
from tests.end_to_end.market_files import write_bars
from tests.end_to_end.worlds import (
    HISTORY_ENDS,
    NO_THRESHOLDS,
    NOW,
    SESSION,
    SYMBOLS,
    installed,
)

RUN = ("pipeline", "--date", str(SESSION))


@pytest.fixture(autouse=True)
def flow_runs_are_recorded(prefect_url, monkeypatch):
    """What the command line would start for itself runs already."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)


@pytest.fixture
def from_files(empty_world, tmp_path):
    """An installation whose bars come from a file; a function that says which symbols it holds
    on the session."""
    file = tmp_path / "market.csv"
    environment = empty_world.environment | {
        "ALPHA_ORACLE_DATA__FILES__PATH": str(file),
        "ALPHA_ORACLE_DATA__FILES__PRICES": "raw",
        "ALPHA_ORACLE_CLOCK__START_AT": NOW.isoformat(),
    }
    write_bars(file, SYMBOLS, start=calendar.shift_session(SESSION, -40), end=HISTORY_ENDS)
    with installed(environment):
        ask("import", "bars", file, "--prices", "raw")
        yield lambda symbols: write_bars(file, symbols, start=SESSION, end=SESSION)


def by_key(documents):
    return sorted(documents, key=lambda signal: (signal["strategy"], signal["symbol"]))


def test_a_run_takes_a_session_to_ranked_strategies_and_signals(world):
    report = ask(*RUN, "--json").document
    assert (report["session"], report["skipped"]) == ("2019-11-29", None)
    assert [rank["rank"] for rank in report["rankings"]] == [1, 2, 3, 4]
    assert {signal["strategy"] for signal in report["signals"]} == {
        rank["strategy"] for rank in report["rankings"] if rank["windows"]
    }
    assert ask("signals", "--json").document == by_key(report["signals"])
    assert ask("signals", "--date", HISTORY_ENDS, "--json").document == []
    assert ask("rankings", "--json").document == report["rankings"]


def test_forced_runs_give_the_same_bytes_in_any_process(world):
    first = ask(*RUN, "--json").document
    again = ask(*RUN, "--force", "--json").document
    other = ask_process({**world.environment, "PYTHONHASHSEED": "5"}, *RUN, "--force", "--json")
    assert other.err == ""
    for report in (again, other.document):
        assert report["digest"] == first["digest"]
        assert report["signals"] == first["signals"]
        assert report["facts"]["announced by this run"] == 0
    assert world.stream() == first["signals"]


def test_a_done_session_is_left_alone(world):
    ask(*RUN)
    answer = ask(*RUN)
    assert (answer.code, answer.out, answer.err) == (0, "2019-11-29 is already done\n", "")
    assert ask(*RUN, "--json").document["skipped"] == "2019-11-29 is already done"


@pytest.mark.parametrize(
    ("day", "message"),
    [
        pytest.param(
            "2019-11-23",
            "no session: the exchange is closed on Saturday 2019-11-23; the next is 2019-11-25",
            id="weekend",
        ),
        pytest.param(
            "2019-11-28",
            "no session: the exchange is closed on Thursday 2019-11-28; the next is 2019-11-29",
            id="holiday",
        ),
    ],
)
def test_a_closed_day_is_no_session_and_no_failure(world, day, message):
    answer = ask("pipeline", "--date", day)
    assert (answer.code, answer.out, answer.err) == (0, f"{message}\n", "")


def test_a_person_reads_what_happened(world):
    answer = ask(*RUN)
    assert answer.code == 0
    assert answer.out.startswith("as of: 2019-11-29T22:00:00+00:00\n")
    assert "bars: 20 of 20 expected symbols (100.0 %)\n" in answer.out
    assert "Ranking of 2019-11-29" in answer.out
    assert "Signals of 2019-11-29: " in answer.out
    assert [line.partition("/")[2] for line in answer.err.splitlines()][-1] == "20"
    assert all(line.startswith("ingestion: ") for line in answer.err.splitlines())


def test_when_no_strategy_passes_the_run_says_so_and_succeeds(world):
    defaults = {f"ALPHA_ORACLE_{name}" for name in NO_THRESHOLDS}
    strict = {name: value for name, value in world.environment.items() if name not in defaults}
    with installed({**strict, "ALPHA_ORACLE_STRATEGY__MIN_SHARPE": "9"}):
        report = ask(*RUN, "--json").document
        answer = ask(*RUN, "--force")
    assert report["signals"] == []
    assert report["facts"]["strategies that may trade"] == (
        "none is above the thresholds: no entries"
    )
    assert answer.code == 0
    assert "strategies that may trade: none is above the thresholds: no entries" in answer.out
    assert answer.out.endswith("no signals\n")


def test_an_incomplete_session_fails_until_the_rest_comes(from_files):
    from_files(SYMBOLS[:18])
    answer = ask(*RUN)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1] == (
        "alpha-oracle: 2019-11-29: 18 of 20 expected symbols are stored (90.0 %, bound 99 %); "
        "missing SYN019, SYN020 because files: no bar of 2019-11-29 in its answer (SYN019, "
        "SYN020); run the session again when the source has them, or see `quarantine list`"
    )
    assert ask("signals", "--json").document == []
    from_files(SYMBOLS)
    report = ask(*RUN, "--json").document
    assert report["facts"]["bars"] == "20 of 20 expected symbols (100.0 %)"
    assert ask("signals", "--json").document == by_key(report["signals"])


def test_unknown_symbols_are_refused(world):
    answer = ask(*RUN, "--symbols", "SYN001,NOPE")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "alpha-oracle: NOPE: known to neither the index, the source synthetic nor the store "
        "around 2019-11-29; check the spelling, or import its bars\n"
    )


def test_a_run_for_some_symbols_speaks_of_those_alone(world):
    every = ask(*RUN, "--json").document["signals"]
    wanted = every[0]["symbol"]
    some = ask(*RUN, "--symbols", wanted, "--json").document
    assert some["facts"]["bars"] == "1 of 1 expected symbols (100.0 %)"
    assert some["signals"] == [signal for signal in every if signal["symbol"] == wanted]


def test_a_backfill_stores_a_range_once(world):
    asked = ("backfill", "--start", "2019-11-20", "--end", str(SESSION), "--json")
    counts = {
        "start": "2019-11-20",
        "end": "2019-11-29",
        "sessions": 7,
        "quarantined": 0,
        "lacking": 0,
    }
    assert ask(*asked).document == {**counts, "stored": 20}
    assert ask(*asked).document == {**counts, "stored": 0}
    assert len(world.stored_symbols()) == 20


def test_a_ranking_needs_no_run(world):
    ranking = ask("rank", "--json").document
    assert {rank["session"] for rank in ranking} == {str(HISTORY_ENDS)}
    older = ask("rank", "--date", "2019-11-20", "--json").document
    assert ask("rankings", "--json").document == ranking + older
    assert ask("rankings", "--limit", 1, "--json").document == ranking[:1]
    assert "Rankings, newest first" in ask("rankings").out


def test_features_are_listed_and_exported_as_known_at_an_instant(world, tmp_path):
    file = tmp_path / "features.parquet"
    listed = ask("features", "list", "--json").document
    told = {"name", "group", "inputs", "lookback", "description", "unknown_because"}
    assert set(listed[0]) == told
    days = ("--start", calendar.shift_session(HISTORY_ENDS, -1), "--end", HISTORY_ENDS)
    asked = ("features", "export", *days, "--out", file, "--json")
    assert ask(*asked).document == {"rows": 40, "features": len(listed), "out": str(file)}
    table = pq.read_table(file)
    assert table.column_names == ["session", "symbol", *(one["name"] for one in listed)]
    assert table["session"].to_pylist() == [days[1]] * 20 + [days[3]] * 20
    assert table["symbol"].to_pylist() == list(SYMBOLS) * 2
    # A session's bars are known from its close.
    assert ask(*asked, "--as-of", f"{HISTORY_ENDS}T20:59:00Z").document["rows"] == 20
    nothing = ask(*asked, "--as-of", "2015-01-02T00:00:00Z")
    assert (nothing.code, nothing.out) == (1, "")
    assert nothing.err.endswith("ask as of a later instant\n")
