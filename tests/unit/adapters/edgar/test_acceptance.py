from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.edgar.acceptance import (
    Stamp,
    accepted_at,
    end_of_day,
    parse_written,
    zone_of,
)
from alpha_oracle.calendar import NEW_YORK

THURSDAY, FRIDAY, MONDAY = date(2024, 5, 2), date(2024, 5, 3), date(2024, 5, 6)


def stamp(written, *, form="10-Q", filed_on=THURSDAY):
    return Stamp(form=form, filed_on=filed_on, written=parse_written(written))


@pytest.mark.parametrize(
    ("one", "zone"),
    [
        pytest.param(
            stamp("2024-05-02T22:31:00.000Z", form="4"), UTC, id="an hour at which nobody files"
        ),
        pytest.param(
            stamp("2024-05-02T20:08:00.000Z"), UTC, id="dated the same day though late in New York"
        ),
        pytest.param(
            stamp("2024-05-03T00:44:00.000Z", form="4"),
            UTC,
            id="past midnight, dated the day before",
        ),
        pytest.param(
            stamp("2024-05-02T18:04:00.000Z", filed_on=FRIDAY), NEW_YORK, id="dated the next day"
        ),
        pytest.param(
            stamp("2024-05-03T18:04:00.000Z", filed_on=MONDAY), NEW_YORK, id="dated after a weekend"
        ),
        pytest.param(
            stamp("2024-05-02T06:31:00.000Z"), NEW_YORK, id="before EDGAR opens, were it UTC"
        ),
        pytest.param(stamp("2024-05-02T16:30:00.000Z"), None, id="possible in both"),
        pytest.param(
            stamp("2024-05-02T18:30:00.000Z", form="4"), None, id="a form dated the same day"
        ),
        pytest.param(
            stamp("2024-05-02T04:15:00.000Z", form="EFFECT"), None, id="an entry of the SEC's own"
        ),
        pytest.param(stamp("2024-05-02T00:00:00.000Z"), None, id="a date without a time"),
        pytest.param(stamp(""), None, id="nothing written"),
    ],
)
def test_a_filing_tells_the_zone_of_its_list(one, zone):
    assert zone_of([one]) is zone


def test_one_odd_filing_does_not_turn_a_list():
    usual = [stamp("2024-05-02T18:04:00.000Z", filed_on=FRIDAY)] * 11
    assert zone_of([*usual, stamp("2024-05-02T20:08:00.000Z")]) is NEW_YORK


def test_a_list_at_odds_with_itself_tells_nothing():
    usual = [stamp("2024-05-02T18:04:00.000Z", filed_on=FRIDAY)] * 3
    assert zone_of([*usual, stamp("2024-05-02T20:08:00.000Z")]) is None


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        (UTC, datetime(2024, 5, 2, 16, 30, tzinfo=UTC)),
        (NEW_YORK, datetime(2024, 5, 2, 20, 30, tzinfo=UTC)),
        (None, datetime(2024, 5, 2, 20, 30, tzinfo=UTC)),
    ],
    ids=["utc", "new_york", "undecided_is_the_later"],
)
def test_a_time_is_read_in_its_zone(zone, moment):
    assert accepted_at(stamp("2024-05-02T16:30:00.000Z"), zone) == moment


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("1999-05-02T00:00:00.000Z", NEW_YORK),
        ("1999-05-02T00:00:00.000Z", UTC),
        ("1999-05-02T04:00:00.000Z", UTC),
        ("", UTC),
        ("soon", UTC),
    ],
)
def test_a_placeholder_is_known_at_the_end_of_its_day(written, zone):
    day = date(1999, 5, 2)
    assert accepted_at(stamp(written, filed_on=day), zone) == end_of_day(day)


def test_a_day_ends_in_new_york():
    assert end_of_day(date(2024, 1, 2)) == datetime(2024, 1, 3, 4, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2024, 7, 2)) == datetime(2024, 7, 3, 3, 59, 59, tzinfo=UTC)
