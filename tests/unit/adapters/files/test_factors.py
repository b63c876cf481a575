"""Corporate actions from an adjusted close; the figures of real actions are worked by hand."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from alpha_oracle.adapters.files.factors import split_value
from alpha_oracle.domain.market import ActionKind, PriceBasis
from tests.unit.adapters.files.files import read, write

HEADER = "symbol,date,open,high,low,close,volume,adj_close\n"


def raw_file(path, closes, *, start=4):
    """A file of one symbol: pairs of close and adjusted close on days from 2016-01-04."""
    lines = (
        f"AAPL,2016-01-{start + day:02d},{close},{close},{close},{close},1000,{adjusted}\n"
        for day, (close, adjusted) in enumerate(closes)
    )
    return write(path / "bars.csv", HEADER + "".join(lines))


def actions_of(path, closes, **options):
    read_bars = read(raw_file(path, closes, **options), PriceBasis.RAW)
    return [
        (action.kind, str(action.ex_date), float(action.value))
        for action in read_bars.received.actions
    ]


@pytest.mark.parametrize(
    ("closes", "value"),
    [
        pytest.param([(700.0, 100.0), (102.0, 102.0)], 7.0, id="seven for one"),
        pytest.param([(30.0, 20.0), (20.2, 20.2)], 1.5, id="three for two"),
        pytest.param([(4.5, 45.0), (44.1, 44.1)], 0.1, id="one for ten"),
        pytest.param([(65.0, 31.186996), (31.5, 31.5)], 2.084202, id="a spin-off stays fractional"),
    ],
)
def test_a_change_that_the_close_followed_is_a_split(tmp_path, closes, value):
    assert actions_of(tmp_path, closes) == [(ActionKind.SPLIT, "2016-01-05", value)]


def test_a_small_change_is_a_dividend_of_so_many_usd_as_traded(tmp_path):
    # 0.50 paid on 100: the adjusted close before is 100 * (1 - 0.5 / 100).
    assert actions_of(tmp_path, [(100.0, 99.5), (101.0, 101.0)]) == [
        (ActionKind.DIVIDEND, "2016-01-05", 0.5)
    ]


def test_what_rounding_explains_is_no_action(tmp_path):
    # Two decimals leave the factor uncertain by 0.005 / 9 on either side.
    assert actions_of(tmp_path, [(10.0, 9.01), (11.0, 9.91), (12.0, 10.81)]) == []


def test_a_row_without_a_positive_adjusted_close_has_no_factor(tmp_path):
    closes = [(100.0, 50.0), (101.0, -3.8), (102.0, ""), (51.0, 51.0)]
    assert actions_of(tmp_path, closes) == [(ActionKind.SPLIT, "2016-01-07", 2.0)]


def test_an_action_is_known_from_the_open_of_its_ex_date(tmp_path):
    received = read(raw_file(tmp_path, [(20.0, 10.0), (10.0, 10.0)]), PriceBasis.RAW).received
    assert received.actions[0].known_at == datetime(2016, 1, 5, 14, 30, tzinfo=UTC)


def test_an_action_on_a_closed_day_goes_ex_on_the_next_session(tmp_path):
    # 2016-01-09 is a Saturday.
    assert actions_of(tmp_path, [(20.0, 10.0), (10.0, 10.0)], start=8) == [
        (ActionKind.SPLIT, "2016-01-11", 2.0)
    ]


def test_a_change_on_a_day_no_calendar_reaches_gives_no_action(tmp_path):
    path = raw_file(tmp_path, [(20.0, 10.0), (10.0, 10.0)])
    path.write_text(path.read_text().replace("2016", "2116"))
    assert read(path, PriceBasis.RAW).received.actions == ()


def test_a_factor_that_fits_neither_is_told_and_gives_no_action(tmp_path):
    found = read(raw_file(tmp_path, [(10.0, 15.0), (10.1, 10.1)]), PriceBasis.RAW)
    assert found.received.actions == ()
    assert found.notes[1].startswith("1 changes of adj_close / close are neither")
    assert "AAPL 2016-01-05" in found.notes[1]


@pytest.mark.parametrize(
    "closes",
    [
        pytest.param([(1e30, 1.0), (1.0, 1.0)], id="a split into more shares than there are"),
        pytest.param([(1.0, 1e30), (1e30, 1e30)], id="one share for more than there are"),
        pytest.param([(1e300, 0.9e300), (1e300, 1e300)], id="a dividend of all the money"),
    ],
)
def test_an_absurd_factor_gives_no_action(tmp_path, closes):
    assert actions_of(tmp_path, closes) == []


def test_adjusted_prices_that_still_jump_are_called_raw(tmp_path):
    found = read(raw_file(tmp_path, [(700.0, 100.0), (102.0, 102.0)]))
    assert found.received.actions == ()
    assert found.notes[1] == (
        "WARNING: declared split_adjusted, but close still jumps at 1 splits that adj_close "
        "knows, such as AAPL 2016-01-05: this looks like raw prices; import it with "
        "`--prices raw`, else these jumps are quarantined"
    )


def test_raw_prices_without_an_adjusted_close_come_with_a_warning(tmp_path):
    text = "symbol,date,open,high,low,close,volume\nA,2016-01-04,1,1,1,1,1\n"
    found = read(write(tmp_path / "bars.csv", text), PriceBasis.RAW)
    assert found.notes[0].startswith("raw prices without an adj_close column")


@pytest.mark.parametrize(
    ("ratio", "value"),
    [(2.0, "2"), (1.3333334, "1.3333333333"), (1.998, "1.998"), (50.0, "50"), (1 / 15, None)],
)
def test_splits_snap_to_simple_ratios_and_stay_as_they_are_elsewhere(ratio, value):
    assert str(split_value(ratio)) == (value or "0.0666666667")


def test_the_real_raw_file_tells_its_splits_and_dividends(shared_data):
    found = read(shared_data / "bars" / "bars_raw_2010_2016.parquet", PriceBasis.RAW)
    actions = found.received.actions
    splits = {
        (action.symbol, action.ex_date): float(action.value)
        for action in actions
        if action.kind is ActionKind.SPLIT
    }
    assert len(found.received.bars) == 861_314
    assert (len(splits), len(actions)) == (116, 10_764)
    assert splits["AAPL", date(2014, 6, 9)] == 7
    assert splits["BRK.B", date(2010, 1, 21)] == 50
    assert splits["C", date(2011, 5, 9)] == 0.1
    assert splits["DUK", date(2012, 7, 3)] == pytest.approx(1 / 3)
    assert splits["ABT", date(2013, 1, 2)] == pytest.approx(2.084, abs=5e-4)
    assert "EXPE 2011-12-21" in found.notes[1]


def test_real_dividends_come_out_to_the_cent(shared_data):
    # AAPL paid 2.65 a share until 2013, 3.05 until 2014 and 0.47 after its split.
    found = read(shared_data / "bars" / "bars_raw_2010_2016.parquet", PriceBasis.RAW)
    paid = {
        action.ex_date: float(action.value)
        for action in found.received.actions
        if action.symbol == "AAPL" and action.kind is ActionKind.DIVIDEND
    }
    told = {date(2012, 8, 9): 2.65, date(2013, 5, 9): 3.05, date(2014, 8, 7): 0.47}
    assert np.allclose([paid[day] for day in told], list(told.values()), atol=1e-4)
