"""A list of orders, replayed from the command line on stored bars."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.builders import sessions_from
from tests.end_to_end.command_line import ask
from tests.end_to_end.worlds import installed, settings_of

NO_SERVER = "postgresql://me:s3cret@127.0.0.1:1/market"
HEADER = "session,symbol,side,quantity"
DAYS = [session.isoformat() for session in sessions_from(count=6)]
PRICES = {"A": [10, 11, 12, 6.5, 7, 8], "SPY": [200, 201, 202, 203, 204, 205]}
ORDERS = [
    (DAYS[0], "a", "buy", 100),
    (DAYS[0], "SPY", "BUY", 3),
    (DAYS[1], "A", "SELL", 40),
    (DAYS[3], "A", "SELL", 121),
    (DAYS[3], "A", "SELL", 120),
    (DAYS[4], "SPY", "BUY", 1000),
    (DAYS[5], "A", "BUY", 1),
]


@pytest.fixture
def write(tmp_path):
    """A function that writes a CSV file."""

    def write(name, header, rows):
        path = tmp_path / name
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
        return path

    return write


@pytest.fixture
def stored(empty_world, write):
    """An installation with the bars of two symbols, a split and a dividend."""
    bars = [
        (symbol, day, price, price, price, price, 1000)
        for symbol, prices in PRICES.items()
        for day, price in zip(DAYS, prices, strict=True)
    ]
    actions = [("A", DAYS[3], "split", 2), ("A", DAYS[2], "dividend", 0.5)]
    told = write("actions.csv", "symbol,ex_date,type,value", actions)
    assert ask("import", "actions", told).code == 0
    file = write("bars.csv", "symbol,date,open,high,low,close,volume", bars)
    report = ask("import", "bars", file, "--prices", "raw", "--json").document
    assert report["stored_new"] == len(bars)
    return empty_world


def test_orders_are_filled_or_refused_and_every_session_is_told(stored, write):
    file = write("orders.csv", HEADER, ORDERS)
    document = ask("backtest", "--orders", file, "--json").document
    assert [tuple(fill.values()) for fill in document["fills"]] == [
        (DAYS[1], "A", "BUY", 100, 11.0, 0.0),
        (DAYS[1], "SPY", "BUY", 3, 201.0, 0.0),
        (DAYS[2], "A", "SELL", 40, 12.0, 0.0),
        (DAYS[4], "A", "SELL", 120, 7.0, 0.0),
    ]
    assert list(document["fills"][0]) == [*HEADER.split(","), "price", "commission"]
    assert document["refused"] == [
        {
            "session": DAYS[session],
            "symbol": symbol,
            "side": side,
            "quantity": quantity,
            "reason": reason,
        }
        for session, symbol, side, quantity, reason in [
            (3, "A", "SELL", 121, "sells 121 of 120 shares held"),
            (4, "SPY", "BUY", 1000, "costs 205,000.00 USD of 99,667.00 USD in cash"),
            (5, "A", "BUY", 1, f"no session is stored after {DAYS[5]}"),
        ]
    ]
    assert document["equity"] == [
        {"session": day, "cash": cash, "equity": equity}
        for day, cash, equity in [
            (DAYS[0], 100_000.0, 100_000.0),
            (DAYS[1], 98_297.0, 100_000.0),  # - 1,100 - 603
            (DAYS[2], 98_827.0, 100_153.0),  # + 50 of dividends + 480; 60 x 12 + 606
            (DAYS[3], 98_827.0, 100_216.0),  # 120 x 6.50 + 609
            (DAYS[4], 99_667.0, 100_279.0),  # + 840; 612
            (DAYS[5], 99_667.0, 100_282.0),
        ]
    ]


def test_costs_are_what_was_given(stored, write):
    file = write("orders.csv", HEADER, [(DAYS[0], "A", "BUY", 100), (DAYS[1], "A", "SELL", 100)])
    costs = ("--commission", "0.1%", "--slippage-bps", "50", "--capital", "5000")
    document = ask("backtest", "--orders", file, *costs, "--json").document
    fills = [(fill["price"], fill["commission"]) for fill in document["fills"]]
    assert fills == [
        pytest.approx((11.055, 1.1055)),
        pytest.approx((11.94, 1.194)),
    ]
    # 5,000 - 1,105.50 - 1.1055 + 50 of dividends + 1,194 - 1.194.
    assert document["equity"][-1]["cash"] == pytest.approx(5136.2005)
    by_share = ask("backtest", "--orders", file, "--commission", "0.02", "--json").document
    assert [fill["commission"] for fill in by_share["fills"]] == [2.0, 2.0]


def test_real_splits_are_applied_at_their_open(empty_world, shared_data, write, tmp_path):
    table = pq.read_table(shared_data / "bars" / "bars_raw_2010_2016.parquet")
    pq.write_table(
        table.filter(pc.is_in(table["symbol"], pa.array(["AAPL", "C"]))), tmp_path / "raw.parquet"
    )
    assert ask("import", "bars", tmp_path / "raw.parquet", "--prices", "raw").code == 0
    orders = [
        ("2011-05-05", "C", "BUY", 25),
        ("2011-05-09", "C", "SELL", 2),  # 25 became two and a half.
        ("2014-06-05", "AAPL", "BUY", 3),
        ("2014-06-09", "AAPL", "SELL", 21),  # 3 became 21.
    ]
    file = write("orders.csv", HEADER, orders)
    document = ask("backtest", "--orders", file, "--json").document
    assert [(fill["session"], fill["quantity"], fill["price"]) for fill in document["fills"]] == [
        ("2011-05-06", 25, pytest.approx(4.55)),
        ("2011-05-10", 2, pytest.approx(44.009998)),
        ("2014-06-06", 3, pytest.approx(649.900002)),
        ("2014-06-10", 21, pytest.approx(94.730003)),
    ]
    ends = {row["session"]: row["cash"] for row in document["equity"]}
    # Half a share of C is paid out at 44.889999.
    assert ends["2011-05-09"] == pytest.approx(100_000 - 25 * 4.55 + 0.5 * 44.889999, abs=1e-4)
    earned = 2 * 44.009998 - 3 * 649.900002 + 21 * 94.730003
    assert ends["2016-12-30"] - ends["2011-05-09"] == pytest.approx(earned, abs=1e-4)


def test_a_person_reads_fills_refusals_and_what_came_of_it(stored, write):
    answer = ask("backtest", "--orders", write("orders.csv", HEADER, ORDERS))
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].strip() == "Fills: 4"
    assert any("costs 205,000.00 USD of 99,667.00 USD in cash" in line for line in lines)
    assert lines[-7:] == [
        f"from {DAYS[0]} to {DAYS[5]}",
        "fills: 4",
        "refused: 3",
        "commission, USD: 0.0",
        "cash at the end, USD: 99,667.0",
        "equity at the end, USD: 100,282.0",
        "return, %: 0.28",
    ]


def test_a_list_of_which_nothing_has_a_place_is_answered_all_the_same(stored, write):
    file = write("orders.csv", HEADER, [("2016-01-09", "A", "BUY", 1), (DAYS[0], "B", "BUY", 1)])
    document = ask("backtest", "--orders", file, "--json").document
    assert [refused["reason"] for refused in document["refused"]] == [
        "2016-01-09 is no session of the exchange",
        "no bar of B is stored",
    ]
    assert (document["fills"], document["equity"]) == ([], [])


def test_without_bars_the_replay_fails_and_says_what_to_do(empty_world, write):
    answer = ask("backtest", "--orders", write("orders.csv", HEADER, ORDERS))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == ("alpha-oracle: no bars are stored; import or backfill them first\n")


@pytest.mark.parametrize(
    ("rows", "options", "problem"),
    [
        (["2016-01-04,A,HOLD,1"], [], "row 1: side 'HOLD' is neither BUY nor SELL"),
        (["2016-01-04,A,BUY,1", "2016-01-04,A,BUY,x"], [], "row 2: quantity 'x' is no number"),
        (["2016-01-04,A,BUY"], [], "3 fields where the header has 4"),
        ([], [], "has a header but no rows"),
        (["2016-01-04,A,BUY,1"], ["--commission", "cheap"], "commission 'cheap' is neither"),
        (["2016-01-04,A,BUY,1"], ["--commission", "-1"], "commission '-1' is neither"),
        (["2016-01-04,A,BUY,1"], ["--commission", "101%"], "commission '101%' is neither"),
        (["2016-01-04,A,BUY,1"], ["--commission", "nan"], "commission 'nan' is neither"),
        (["2016-01-04,A,BUY,1"], ["--capital", "0"], "capital is 0"),
        (["2016-01-04,A,BUY,1"], ["--capital", "nan"], "capital is nan"),
        (["2016-01-04,A,BUY,1"], ["--slippage-bps", "10000"], "slippage is 10000 bps"),
    ],
)
def test_what_cannot_be_read_is_wrong_use_and_no_store_is_asked(
    home, write, rows, options, problem
):
    file = write("orders.csv", HEADER, [row.split(",") for row in rows])
    nowhere = {"database_url": NO_SERVER, "redis_url": "redis://127.0.0.1:1/0"}
    with installed(settings_of(home, **nowhere)):
        answer = ask("backtest", "--orders", file, *options)
    assert (answer.code, answer.out) == (2, "")
    assert problem in answer.err
    assert answer.err.count("\n") == 1
