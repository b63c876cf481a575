from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alpha_oracle.adapters.files.reference import read_actions, read_members, read_sectors
from alpha_oracle.domain.market import (
    ActionKind,
    CorporateAction,
    Membership,
    SectorAssignment,
    Symbol,
)
from alpha_oracle.errors import DataError
from tests.unit.adapters.files.files import write


def test_members_are_intervals_that_may_still_run(tmp_path):
    text = "ticker,start_date,end_date\nBRK-B,2010-02-16,\nAABA,1999-12-08,2017-06-19\n"
    assert read_members(write(tmp_path / "members.csv", text)) == (
        Membership(symbol=Symbol("BRK.B"), start=date(2010, 2, 16), end=None),
        Membership(symbol=Symbol("AABA"), start=date(1999, 12, 8), end=date(2017, 6, 19)),
    )


def test_sectors_may_have_dates(tmp_path):
    plain = write(tmp_path / "plain.csv", "symbol,sector\nA,Health Care\n")
    dated = write(
        tmp_path / "dated.csv",
        "Symbol,Sector,Start_Date,End_Date\nGOOG,Information Technology,,2018-09-24\n",
    )
    assert read_sectors(plain) == (SectorAssignment(symbol=Symbol("A"), sector="Health Care"),)
    assert read_sectors(dated) == (
        SectorAssignment(
            symbol=Symbol("GOOG"), sector="Information Technology", end=date(2018, 9, 24)
        ),
    )


def test_actions_are_known_from_the_open_of_their_ex_date(tmp_path):
    text = "symbol,ex_date,type,value\nAAPL,2014-06-09,Split,7\nAAPL,2014-08-07,dividend,0.47\n"
    split, dividend = read_actions(write(tmp_path / "actions.csv", text))
    assert split == CorporateAction(
        symbol=Symbol("AAPL"),
        ex_date=date(2014, 6, 9),
        kind=ActionKind.SPLIT,
        value=Decimal(7),
        known_at=datetime(2014, 6, 9, 13, 30, tzinfo=UTC),
    )
    assert (dividend.kind, dividend.value) == (ActionKind.DIVIDEND, Decimal("0.47"))


def test_an_action_on_a_closed_day_goes_ex_on_the_next_session(tmp_path):
    text = "symbol,ex_date,type,value\nAAPL,2014-06-08,split,7\n"
    [action] = read_actions(write(tmp_path / "actions.csv", text))
    assert action.ex_date == date(2014, 6, 9)


ACTIONS = "symbol,ex_date,type,value\n"


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        pytest.param(
            read_members,
            "name,start_date,end_date\nA,2000-01-01,\n",
            "has no column symbol; found name, start_date, end_date; expected symbol, start_date, ",
            id="a column is missing",
        ),
        pytest.param(
            read_members,
            "ticker,start_date,end_date\nA,,\n",
            "row 1: the start date is blank; mend the file",
            id="no start",
        ),
        pytest.param(
            read_members,
            "ticker,start_date,end_date\nA,2001-01-02,2001-01-02\n",
            "row 1: ends 2001-01-02, not after its start 2001-01-02",
            id="an end that is not after the start",
        ),
        pytest.param(
            read_members,
            "ticker,start_date,end_date\n^GSPC,2001-01-02,\n",
            "row 1: '^GSPC' is not a ticker",
            id="no ticker",
        ),
        pytest.param(
            read_members, "ticker,start_date,end_date\n", "no rows", id="nothing but a header"
        ),
        pytest.param(
            read_members,
            "ticker,start_date,end_date\nA,2001-01-02\n",
            "2 fields where the header has 3 in line 'A,2001-01-02'",
            id="a field too few",
        ),
        pytest.param(
            read_sectors, "symbol,sector\nA,\n", "row 1: the sector is blank", id="no sector"
        ),
        pytest.param(
            read_sectors,
            "symbol,ticker,sector\nA,A,Energy\n",
            "columns symbol, ticker all mean the symbol; keep one",
            id="two columns of one meaning",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2014-06-09,merger,1\n",
            "row 1: type 'merger' is neither split nor dividend",
            id="an action of another kind",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2014-06-09,split,7:1\n",
            "row 1: value '7:1' is no number",
            id="a value that is none",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2114-06-11,split,7\n",
            "row 1: the exchange calendar reaches from",
            id="a day no calendar reaches",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2014-06-09,split,0\n",
            "row 1: value 0 must be above 0",
            id="a value of zero",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2014-06-09,split,1e400\n",
            "row 1: value 1e400 is beyond what a share ever split into or paid",
            id="an absurd value",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2014-06-07,dividend,1\nA,2014-06-09,dividend,1\n",
            "row 2: a second dividend of A on 2014-06-09; write one row with the sum",
            id="two dividends of one ex-date",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,2014-06-09,split,7\nA,2014-06-09,split,7\n",
            "row 2: a second split of A on 2014-06-09",
            id="a split told twice",
        ),
        pytest.param(
            read_sectors,
            "symbol,sector,start_date,end_date\nA,Energy,2001-01-02,2001-01-01\n",
            "row 1: ends 2001-01-01, not after its start 2001-01-02",
            id="a sector that ends before it starts",
        ),
        pytest.param(
            read_actions,
            ACTIONS + "A,someday,split,7\n" * 5,
            "(and 2 more); mend the file",
            id="many rows at once",
        ),
    ],
)
def test_a_file_with_a_fault_is_refused_whole(tmp_path, read, text, message):
    path = write(tmp_path / "table.csv", text)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(DataError, match="neither a CSV nor a Parquet file"):
        read_members(tmp_path)


def test_the_real_files_are_read_whole(shared_data):
    members = read_members(shared_data / "reference" / "sp500_ticker_start_end.csv")
    sectors = read_sectors(shared_data / "reference" / "securities_gics_2016.csv")
    assert (len(members), len({member.symbol for member in members})) == (1230, 1181)
    assert len(sectors) == 505
    assert Symbol("BRK.B") in {sector.symbol for sector in sectors}
