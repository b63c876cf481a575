"""The verbs about what is known beside bars: refresh, status, imports by hand."""

import gzip
import shutil

import pyarrow.parquet as pq
import pytest

from tests.end_to_end.command_line import ask
from tests.end_to_end.worlds import WHATEVER_THERE_IS

STATEMENTS = """\
symbol,item,period_start,period_end,value,known_at
SYN001,revenue,2018-10-01,2019-09-30,1000000,2019-11-05
SYN001,net_income,2018-10-01,2019-09-30,100000,2019-11-05
SYN001,equity,,2019-09-30,500000,2019-11-05
SYN001,shares_outstanding,,2019-10-31,10000,2019-11-05
SYN001,equity,,2019-09-30,400000,2019-11-26
"""


@pytest.fixture(autouse=True)
def flow_runs_are_recorded(prefect_url, monkeypatch):
    """What the command line would start for itself runs already."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)


@pytest.fixture
def full_world(worlds, home):
    with worlds(home, **WHATEVER_THERE_IS) as world:
        yield world


@pytest.fixture
def statements(tmp_path):
    path = tmp_path / "statements.csv"
    path.write_text(STATEMENTS)
    return path


def exported(tmp_path, session, *more):
    """The features of a session by symbol."""
    out = tmp_path / "features.parquet"
    answer = ask("features", "export", "--start", session, "--end", session, "--out", out, *more)
    assert answer.code == 0, answer.err
    return {row["symbol"]: row for row in pq.read_table(out).to_pylist()}


def stored_families():
    return {row["family"] for row in ask("reference", "status", "--json").document if row["stored"]}


def test_refreshing_by_hand_tells_what_came_of_each_family(full_world):
    [statements] = ask("reference", "fundamentals", "--symbols", "SYN001,SYN002", "--json").document
    assert (statements["asked"], statements["answered"], statements["ended_by"]) == (2, 2, None)
    assert statements["stored"] > 0
    others = ask("reference", "alternative", "--symbols", "SYN001", "--start", "2019-01-02")
    assert others.code == 0, others.err
    assert [line.partition(":")[0] for line in others.out.splitlines()] == [
        "insiders",
        "short interest",
        "volatility",
    ]
    assert stored_families() == {"fundamentals", "insiders", "short_interest", "volatility"}


def test_a_refresh_of_nobody_says_so(world):
    answer = ask("reference", "fundamentals")
    assert (answer.code, answer.out) == (0, "fundamentals: nobody is asked\n")


def test_what_was_known_shows_in_the_features_of_that_instant(world, statements, tmp_path):
    report = ask("import", "fundamentals", statements, "--json").document
    assert (report["received"], report["stored_new"], report["refused"]) == (5, 5, 0)
    before = exported(tmp_path, "2019-11-25")["SYN001"]
    after = exported(tmp_path, "2019-11-27")["SYN001"]
    assert after["pb"] / after["ps"] == pytest.approx(1_000_000 / 400_000, rel=1e-5)
    assert before["pb"] / before["ps"] == pytest.approx(1_000_000 / 500_000, rel=1e-5)
    as_of = ("--as-of", "2019-11-26T12:00:00Z")
    assert exported(tmp_path, "2019-11-25", *as_of)["SYN001"]["pb"] == before["pb"]


def test_an_import_again_stores_nothing_again(world, statements):
    ask("import", "fundamentals", statements)
    again = ask("import", "fundamentals", statements, "--json").document
    assert (again["stored_new"], again["stored_before"], again["corrected"]) == (0, 5, 0)


@pytest.mark.parametrize("what", ["fundamentals", "insiders", "short-interest", "volatility"])
def test_a_file_nobody_can_read_is_told_in_a_line_and_nothing_is_stored(world, tmp_path, what):
    path = tmp_path / "other.csv"
    path.write_text("who,what\n1,2\n")
    answer = ask("import", what, path)
    assert answer.code == 2
    assert str(path) in answer.err
    assert answer.err.count("\n") == 1
    assert stored_families() & {"fundamentals", "insiders", "short_interest", "volatility"} == set()


def test_real_filings_positions_and_levels_come_in_by_hand(world, shared_data, tmp_path):
    forms = tmp_path / "forms"
    forms.mkdir()
    for path in (shared_data / "form4").iterdir():
        shutil.copy(path, forms)
    report = ask("import", "insiders", forms, "--covers-from", "2020-01-02", "--json").document
    assert (report["stored_new"], report["refused"]) == (10, 4)
    refused = ask("reference", "refused", "--family", "insiders", "--json").document
    assert len(refused) == 4
    assert all("form" in row["reason"].lower() for row in refused)
    vix = ask(
        "import", "volatility", shared_data / "benchmarks" / "vix_daily_1990_2018.csv.gz", "--json"
    ).document
    assert (vix["received"], vix["refused"]) == (7304, 1)
    positions = tmp_path / "shrt20210715.csv"
    shutil.copy(shared_data / "finra" / "shrt20210715_excerpt.csv", positions)
    short = ask("import", "short-interest", positions, "--json").document
    assert short["stored_new"] > 30
    assert stored_families() >= {"insiders", "short_interest", "volatility"}


def test_simfins_statements_come_in_by_hand(world, shared_data, tmp_path):
    source = shared_data / "fundamentals" / "simfin_us_income_annual_2000_2018.csv.gz"
    with gzip.open(source, "rt", encoding="utf-8") as file:
        lines = [line for number, line in enumerate(file) if number < 300]
    path = tmp_path / "income.csv"
    path.write_text("".join(lines), encoding="utf-8")
    report = ask("import", "fundamentals", path, "--json").document
    assert report["stored_new"] > 1000
    assert report["received"] == report["stored_new"] + report["refused"]
