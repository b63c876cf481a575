from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alpha_oracle.adapters.files.statements import read_statements
from alpha_oracle.domain.fundamentals import FinancialFact, StatementItem
from alpha_oracle.errors import DataError
from tests.unit.adapters.files.files import write

LONG = "symbol,item,period_end,value,known_at,period_start\n"
SIMFIN = (
    'Ticker;SimFinId;Currency;"Fiscal Year";"Fiscal Period";"Report Date";"Publish Date";'
    '"Restated Date";Revenue;"Cost of Revenue";"Income Tax (Expense) Benefit, Net";"Net Income"\n'
)
EVENING = "2016-02-01T21:30:00Z"


def read(tmp_path, text, *, name="figures.csv"):
    return read_statements(write(tmp_path / name, text))


def values_of(received):
    """Values by item."""
    return {str(fact.item): fact.value for fact in received.facts}


def periods_of(received):
    """Start and end of each fact's period."""
    return [(fact.period_start, fact.period_end) for fact in received.facts]


def a_simfin_row(
    *,
    ticker="A",
    currency="USD",
    period="FY",
    report="2008-10-31",
    restated="2010-12-20",
    cost="-2",
):
    dates = f"{report};2009-01-05;{restated}"
    return f"{ticker};45846;{currency};2008;{period};{dates};5;{cost};-1;2\n"


def test_a_figure_a_row_is_a_fact(tmp_path):
    received = read(
        tmp_path,
        LONG
        + f"brk-b,Revenue,2015-12-31,210.5e9,{EVENING},2015-01-01\n"
        + f"BRK.B,total_assets,2015-12-31,552257000000,{EVENING},\n",
    )
    document = "figures.csv 2016-02-01"
    known_at = datetime(2016, 2, 1, 21, 30, tzinfo=UTC)
    assert received.facts == (
        FinancialFact(
            symbol="BRK.B",
            item=StatementItem.REVENUE,
            period_start=date(2015, 1, 1),
            period_end=date(2015, 12, 31),
            value=210.5e9,
            known_at=known_at,
            document=document,
        ),
        FinancialFact(
            symbol="BRK.B",
            item=StatementItem.TOTAL_ASSETS,
            period_start=None,
            period_end=date(2015, 12, 31),
            value=552257000000.0,
            known_at=known_at,
            document=document,
        ),
    )
    assert received.refused == ()


def test_a_statement_a_row_gives_a_fact_for_each_figure_that_stands_there(tmp_path):
    text = (
        "symbol,period_start,period_end,known_at,document,revenue,Total Assets,cash,ebitda\n"
        f"A,2015-11-01,2016-01-31,{EVENING},0001-16-1,5,,7,1\n"
    )
    received = read(tmp_path, text)
    assert values_of(received) == {"revenue": 5.0, "cash": 7.0}
    assert periods_of(received) == [
        (date(2015, 11, 1), date(2016, 1, 31)),
        (None, date(2016, 1, 31)),
    ]
    assert {fact.document for fact in received.facts} == {"0001-16-1"}


def test_simfins_costs_are_positive_and_known_once_restated(tmp_path):
    received = read(tmp_path, SIMFIN + a_simfin_row())
    assert values_of(received) == {
        "revenue": 5.0,
        "cost_of_revenue": 2.0,
        "income_tax": 1.0,
        "net_income": 2.0,
    }
    # The end of December 20 in New York; published it was two years before.
    assert {fact.known_at for fact in received.facts} == {datetime(2010, 12, 21, 5, 0, tzinfo=UTC)}
    assert {fact.document for fact in received.facts} == {"figures.csv 2010-12-20"}


def test_without_a_restatement_the_publication_counts(tmp_path):
    received = read(tmp_path, SIMFIN + a_simfin_row(restated=""))
    assert received.facts[0].known_at == datetime(2009, 1, 6, 5, 0, tzinfo=UTC)


def test_a_date_of_knowledge_is_the_end_of_that_day_in_new_york(tmp_path):
    received = read(tmp_path, LONG + "A,cash,2016-06-30,1,2016-08-01,\n")
    assert received.facts[0].known_at == datetime(2016, 8, 2, 4, 0, tzinfo=UTC)
    assert received.facts[0].document == "figures.csv 2016-08-01"


@pytest.mark.parametrize(
    ("period", "report", "start"),
    [
        pytest.param("FY", "2008-10-31", date(2007, 11, 1), id="a year"),
        pytest.param("FY", "2009-02-28", date(2008, 3, 1), id="a year to February's end"),
        pytest.param("FY", "2008-02-29", date(2007, 3, 1), id="a year to a leap day"),
        pytest.param("FY", "2008-10-03", date(2007, 10, 4), id="a year to no month's end"),
        pytest.param("Q1", "2008-03-31", date(2008, 1, 1), id="a quarter"),
        pytest.param("q4", "2008-11-30", date(2008, 9, 1), id="a quarter from August's end"),
        pytest.param("Q2", "2008-05-30", date(2008, 3, 1), id="a quarter from a shorter month"),
    ],
)
def test_a_fiscal_period_tells_where_it_starts(tmp_path, period, report, start):
    received = read(tmp_path, SIMFIN + a_simfin_row(period=period, report=report))
    assert received.facts[0].period_start == start


def test_simfins_depreciation_is_that_of_the_cash_flow(tmp_path):
    head = "Ticker;Fiscal Period;Report Date;Publish Date;Depreciation & Amortization;"
    row = "A;FY;2008-12-31;2009-02-01;{};7\n"
    income = head + "Revenue\n" + row.format("-3")
    cash_flow = head + "Net Cash from Operating Activities\n" + row.format("3")
    assert values_of(read(tmp_path, income)) == {"revenue": 7.0}
    assert values_of(read(tmp_path, cash_flow)) == {
        "depreciation_amortization": 3.0,
        "operating_cash_flow": 7.0,
    }


def test_a_cost_of_nothing_is_zero(tmp_path):
    received = read(tmp_path, SIMFIN + a_simfin_row(cost="0"))
    assert str(values_of(received)["cost_of_revenue"]) == "0.0"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(a_simfin_row(ticker="A_old"), "'A_old' is SimFin's name for", id="delisted"),
        pytest.param(a_simfin_row(ticker="^A"), "'^A' is not a ticker", id="no ticker"),
        pytest.param(a_simfin_row(currency="EUR"), "in EUR, not in USD", id="another currency"),
        pytest.param(a_simfin_row(report="soon"), "period_end 'soon' is no date", id="no date"),
        pytest.param(a_simfin_row(restated="soon"), "restated_date 'soon' is no", id="no restated"),
        pytest.param(
            a_simfin_row(report="2011-01-31"), "before 2011-01-31 is over", id="known too early"
        ),
        pytest.param("A;1\n", "2 fields where the header has 12", id="too few fields"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_whole(tmp_path, row, reason):
    received = read(tmp_path, SIMFIN + row + a_simfin_row(ticker="B"))
    assert {fact.symbol for fact in received.facts} == {"B"}
    [refused] = received.refused
    assert reason in refused.reason
    assert refused.received["file"] == "figures.csv"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(a_simfin_row(cost="two"), "cost_of_revenue 'two' is no number", id="a word"),
        pytest.param(a_simfin_row(cost="inf"), "cost_of_revenue 'inf' is no number", id="endless"),
        pytest.param(a_simfin_row(cost="-1e999"), "cost_of_revenue: value inf", id="too large"),
        pytest.param(a_simfin_row(cost="2"), "2 is of the wrong sign", id="a cost that comes in"),
    ],
)
def test_a_figure_that_cannot_be_used_is_refused_alone(tmp_path, row, reason):
    received = read(tmp_path, SIMFIN + row)
    assert set(values_of(received)) == {"revenue", "income_tax", "net_income"}
    [refused] = received.refused
    assert (reason in refused.reason, refused.subject) == (True, "A")
    assert "cost_of_revenue" in refused.received
    assert "revenue" not in refused.received


def test_a_period_nobody_knows_refuses_its_figures(tmp_path):
    received = read(tmp_path, SIMFIN + a_simfin_row(period="H1"))
    assert (received.facts, len(received.refused)) == ((), 4)
    assert "fiscal period 'H1' is none of FY, Q1" in received.refused[0].reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"A,ebitda,2015-12-31,1,{EVENING},2015-01-01", "item 'ebitda' is none; expected revenue"),
        (f"A,revenue,2015-12-31,1,{EVENING},", "revenue: no period; add a period_start"),
        (f"A,revenue,2015-12-31,1,{EVENING},2016-01-01", "ends before its start"),
        (f"A,cash,2015-12-31,,{EVENING},", "cash '' is no number"),
        ("A,cash,2015-12-31,1,2016-02-01T21:30:00,", "names no time zone"),
        ("A,cash,2015-12-31,1,soon,", "Invalid isoformat string: 'soon'"),
        ("A,cash,2015-12-31,1,,", "no date tells when the public could know it"),
    ],
)
def test_a_figure_a_row_is_refused_with_its_reason(tmp_path, row, reason):
    received = read(tmp_path, LONG + row + "\n")
    assert received.facts == ()
    [refused] = received.refused
    assert reason in refused.reason


def test_a_figure_told_twice_counts_once_and_not_at_all_with_other_values(tmp_path):
    row = "A,cash,2015-12-31,{},2016-02-01,\n"
    assert len(read(tmp_path, LONG + row.format(1) * 2).facts) == 1
    received = read(tmp_path, LONG + "".join(row.format(value) for value in (1, 2, 1)))
    assert received.facts == ()
    assert [one.received["value"] for one in received.refused] == ["1", "2", "1"]


def test_a_later_document_with_another_value_is_kept_beside_the_first(tmp_path):
    row = "A,cash,2015-12-31,{},2016-0{}-01,\n"
    received = read(tmp_path, LONG + row.format(1, 2) + row.format(2, 5))
    assert [fact.value for fact in received.facts] == [1.0, 2.0]


def test_parquet_is_read_as_csv_is(tmp_path):
    table = pa.table(
        {
            "symbol": ["A"],
            "period_end": pa.array([date(2015, 12, 31)]),
            "known_at": pa.array([datetime(2016, 2, 1)]),  # noqa: DTZ001 - as pandas writes a day.
            "cash": [7.5e9],
            "equity": [float("nan")],
        }
    )
    pq.write_table(table, tmp_path / "figures.parquet")
    [fact] = read_statements(tmp_path / "figures.parquet").facts
    assert (fact.value, fact.known_at) == (7.5e9, datetime(2016, 2, 2, 5, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(
            "symbol,period_end,cash",
            "does not tell when the public could know its figures: add a column known_at",
            id="no date of knowledge",
        ),
        pytest.param("symbol,known_at,cash", "has no column period_end; found", id="no period"),
        pytest.param("period_end,known_at,cash", "has no column symbol; found", id="no symbol"),
        pytest.param(
            "symbol,period_end,known_at,ebitda", "has no column with a figure", id="no figure"
        ),
        pytest.param(
            "symbol,period_end,known_at,item", "item and value go together", id="no value"
        ),
        pytest.param(
            "symbol,period_end,known_at,revenue",
            "which period its revenue is of: add a column period_start, or fiscal_period",
            id="no start",
        ),
        pytest.param(
            "symbol,period_end,Report Date,known_at,cash",
            "columns period_end, Report Date all mean the period_end",
            id="two ends",
        ),
    ],
)
def test_a_header_that_lacks_something_says_what_to_add(tmp_path, header, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, f"{header}\n" + ",".join("1" * len(header.split(","))) + "\n")


@pytest.mark.parametrize(
    ("name", "facts", "refused"),
    [
        ("simfin_us_income_annual_2000_2018.csv.gz", 107_851, 104),
        ("simfin_us_cashflow_annual_1998_2018.csv.gz", 62_244, 122),
    ],
)
def test_simfins_real_files_are_known_only_once_restated(shared_data, name, facts, refused):
    received = read_statements(shared_data / "fundamentals" / name)
    assert (len(received.facts), len(received.refused)) == (facts, refused)
    agilent = [
        fact.known_at.date()
        for fact in received.facts
        if fact.symbol == "A" and fact.period_end == date(2008, 10, 31)
    ]
    assert set(agilent) == {date(2010, 12, 21)}


def test_the_real_file_without_filing_dates_is_refused(shared_data):
    path = shared_data / "fundamentals" / "nyse_fundamentals_2012_2016.csv.gz"
    with pytest.raises(DataError, match="add a column known_at"):
        read_statements(path)
