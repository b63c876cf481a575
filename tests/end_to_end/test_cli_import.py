import csv
import getpass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.builders import sessions_from
from tests.end_to_end.command_line import ask

NOTHING = {
    "received": 0,
    "stored_new": 0,
    "stored_before": 0,
    "corrected": 0,
    "quarantined": 0,
    "unreadable": 0,
    "corporate_actions": 0,
    "failed_expectations": {},
}
NO_FACTOR = (
    "note: raw prices without an adj_close column: splits must come through `import actions`, or "
    "the jumps they leave are quarantined\n"
)


@pytest.fixture
def write(tmp_path):
    """A function that writes a CSV file."""

    def write(name, header, *rows):
        path = tmp_path / name
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header.split(","), *rows])
        return path

    return write


def bar_rows(symbol, closes):
    """Rows of a file: bars that open, stay and close at prices, on consecutive sessions."""
    sessions = sessions_from(count=len(closes))
    return [
        (symbol, session, price, price, price, price, 1000 + row)
        for row, (session, price) in enumerate(zip(sessions, closes, strict=True))
    ]


BARS = "Name,Date,Open,HIGH,low,close,Volume"


def test_bars_come_in_once(empty_world, write):
    file = write("bars.csv", BARS, *bar_rows("A", [10, 10.5, 11]), *bar_rows("brk-b", [20, 21]))
    assert ask("import", "bars", file, "--json").document == NOTHING | {
        "received": 5,
        "stored_new": 5,
    }
    assert ask("import", "bars", file, "--json").document == NOTHING | {
        "received": 5,
        "stored_before": 5,
    }
    assert empty_world.rows("SELECT symbol FROM symbols ORDER BY symbol") == [("A",), ("BRK.B",)]


def test_a_person_reads_the_counts_and_where_to_look(empty_world, write):
    rows = [*bar_rows("A", [10, 10.5]), ("A", "2016-01-06", 1, 2, -3, 1, 100)]
    answer = ask("import", "bars", write("bars.csv", BARS, *rows), "--prices", "raw")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "received: 3",
        "stored new: 2",
        "stored before: 0",
        "corrected: 0",
        "quarantined: 1",
        "unreadable: 0",
        "corporate actions: 0",
        "failed expectations: prices_positive 1",
    ]
    assert answer.err == f"{NO_FACTOR}held back: see `alpha-oracle quarantine list`\n"


def test_a_jump_holds_everything_behind_it_until_its_split_is_imported(empty_world, write):
    bars = write("bars.csv", BARS, *bar_rows("A", [40, 41, 20.4, 20.6, 20.5]))
    split = write("splits.csv", "symbol,ex_date,type,value", ("A", "2016-01-06", "split", 2))
    held = ask("import", "bars", bars, "--prices", "raw", "--json").document
    assert (held["stored_new"], held["quarantined"]) == (2, 3)
    assert held["failed_expectations"] == {"jump_explained": 3}
    assert ask("import", "actions", split, "--json").document == {
        "actions": 1,
        "changed": 1,
        "held_bars_explained": 3,
        "still_held": 0,
    }
    assert ask("quarantine", "list").out == "nothing is held back\n"
    again = ask("import", "bars", bars, "--prices", "raw", "--json").document
    assert (again["stored_before"], again["quarantined"]) == (5, 0)
    assert ask("import", "actions", split, "--json").document["changed"] == 0


def test_a_true_jump_is_released_by_hand_and_audited(empty_world, write):
    bars = write("bars.csv", BARS, *bar_rows("A", [40, 41, 20.4, 20.6]))
    ask("import", "bars", bars, "--prices", "raw")
    held = ask("quarantine", "list", "--symbol", "a", "--json").document
    assert [(bar["session"], bar["expectations"]) for bar in held] == [
        ("2016-01-06", ["jump_explained"]),
        ("2016-01-07", ["jump_explained"]),
    ]
    assert held[0]["received"]["close"] == "20.4"
    answer = ask("quarantine", "release", held[0]["id"], "--reason", "they lost the suit", "--json")
    assert answer.document == {"released": 1, "explained_behind_them": 1, "still_held": 0}
    audited = empty_world.rows("SELECT actor, action, detail FROM audit_log ORDER BY audit_id")
    assert [row[:2] for row in audited] == [
        (f"cli:{getpass.getuser()}", "quarantine_released"),
        (f"cli:{getpass.getuser()}", "quarantine_explained"),
    ]
    assert audited[0][2]["reason"] == "they lost the suit"
    assert empty_world.rows("SELECT count(*) FROM bars") == [(4,)]
    twice = ask("quarantine", "release", held[0]["id"], "--reason", "again")
    assert (twice.code, twice.err) == (
        2,
        f"alpha-oracle: not held: {held[0]['id']}; see `quarantine list` for what is\n",
    )


def test_a_raw_file_with_an_adjusted_close_brings_its_splits(empty_world, write):
    factor = [0.5, 0.5, 1.0, 1.0]
    rows = [
        (*row, close * part)
        for row, part, close in zip(
            bar_rows("A", [40, 41, 20.4, 20.6]), factor, [40, 41, 20.4, 20.6], strict=True
        )
    ]
    file = write("bars.csv", f"{BARS},Adj Close", *rows)
    answer = ask("import", "bars", file, "--prices", "raw", "--json")
    assert answer.document == NOTHING | {"received": 4, "stored_new": 4, "corporate_actions": 1}
    assert answer.err == "note: adj_close gives 1 corporate actions\n"
    assert empty_world.rows("SELECT kind, value::float FROM corporate_actions") == [("split", 2.0)]


def test_members_and_sectors_come_in_once(empty_world, write):
    members = write(
        "members.csv",
        "ticker,start_date,end_date",
        ("A", "2016-01-04", ""),
        ("B", "2010-01-04", "2016-01-05"),
    )
    sectors = write("sectors.csv", "symbol,sector", ("A", "Energy"), ("B", "Utilities"))
    assert ask("import", "members", members, "--json").document == {"intervals": 2, "changed": 2}
    assert ask("import", "members", members, "--json").document == {"intervals": 2, "changed": 0}
    assert ask("import", "sectors", sectors).out == "assignments: 2\nchanged: 2\n"
    assert ask("import", "sectors", sectors).out == "assignments: 2\nchanged: 0\n"


def test_of_the_real_dirty_file_every_row_is_stored_or_held(empty_world, shared_data):
    file = shared_data / "bars" / "bars_dirty_sample.parquet"
    first = ask("import", "bars", file, "--json").document
    assert first["received"] == 127_076
    assert first["stored_new"] + first["quarantined"] + first["unreadable"] == 127_076
    assert empty_world.rows("SELECT count(*) FROM bars") == [(first["stored_new"],)]
    assert empty_world.rows("SELECT count(*) FROM quarantined_bars") == [(first["quarantined"],)]
    second = ask("import", "bars", file, "--json").document
    assert second == first | {"stored_new": 0, "stored_before": first["stored_new"]}


def test_the_real_splits_are_read_off_raw_prices(empty_world, shared_data, tmp_path):
    table = pq.read_table(shared_data / "bars" / "bars_raw_2010_2016.parquet")
    file = tmp_path / "raw.parquet"
    named = pc.is_in(table["symbol"], pa.array(["AAPL", "BRK-B", "C"]))
    pq.write_table(table.filter(named), file)
    answer = ask("import", "bars", file, "--prices", "raw", "--json").document
    assert answer["quarantined"] == 0
    splits = empty_world.rows(
        "SELECT symbol, ex_date::text, value::float FROM corporate_actions"
        " WHERE kind = 'split' ORDER BY symbol"
    )
    assert splits == [
        ("AAPL", "2014-06-09", 7.0),
        ("BRK.B", "2010-01-21", 50.0),
        ("C", "2011-05-09", 0.1),
    ]
