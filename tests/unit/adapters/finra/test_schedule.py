"""Against dates worked out by hand from FINRA's rule and the calendars of those years."""

from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.finra.schedule import known_at, published_on, settlement_dates


def test_positions_settle_in_the_middle_and_at_the_end_of_a_month():
    assert settlement_dates(date(2021, 7, 1), date(2021, 8, 31)) == (
        date(2021, 7, 15),
        date(2021, 7, 30),  # The 31st is a Saturday.
        date(2021, 8, 13),  # The 15th is a Sunday.
        date(2021, 8, 31),
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(date(2022, 4, 10), date(2022, 4, 20), date(2022, 4, 14), id="Good Friday"),
        pytest.param(
            date(2024, 3, 20), date(2024, 4, 1), date(2024, 3, 28), id="Easter at its end"
        ),
        pytest.param(date(2021, 5, 20), date(2021, 6, 1), date(2021, 5, 28), id="Memorial Day"),
        pytest.param(date(2021, 12, 20), date(2022, 1, 5), date(2021, 12, 31), id="year's end"),
    ],
)
def test_a_day_without_a_session_gives_way_to_the_one_before(start, end, expected):
    assert settlement_dates(start, end) == (expected,)


def test_both_ends_of_the_range_are_included():
    assert settlement_dates(date(2021, 7, 15), date(2021, 7, 15)) == (date(2021, 7, 15),)
    assert settlement_dates(date(2021, 7, 16), date(2021, 7, 29)) == ()
    assert settlement_dates(date(2021, 7, 30), date(2021, 7, 1)) == ()


@pytest.mark.parametrize(
    ("settlement", "published"),
    [
        pytest.param(date(2021, 7, 15), date(2021, 7, 26), id="no holiday"),
        pytest.param(date(2021, 8, 31), date(2021, 9, 10), id="Labor Day"),
        # By sessions it would be October 9 and November 11 of those years.
        pytest.param(date(2018, 9, 28), date(2018, 10, 10), id="Columbus Day"),
        pytest.param(date(2024, 10, 31), date(2024, 11, 12), id="Veterans Day"),
        pytest.param(date(2018, 10, 31), date(2018, 11, 9), id="before a Sunday's Veterans Day"),
        pytest.param(date(2023, 10, 31), date(2023, 11, 9), id="a Saturday's Veterans Day"),
    ],
)
def test_positions_are_published_seven_business_days_later(settlement, published):
    assert published_on(settlement) == published


def test_positions_are_known_from_the_open_after_publication():
    assert known_at(date(2021, 7, 15)) == datetime(2021, 7, 27, 13, 30, tzinfo=UTC)
    # Published on Friday, November 9.
    assert known_at(date(2018, 10, 31)) == datetime(2018, 11, 12, 14, 30, tzinfo=UTC)
