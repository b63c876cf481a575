import json
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.alpha_vantage.announcements import read_announcements

END = date(2016, 3, 31)
ROW = {"fiscalDateEnding": "2016-03-31", "reportedDate": "2016-04-18", "reportedEPS": "1.84"}
LATER = datetime(2016, 6, 1, 22, 0, tzinfo=UTC)


def announced(*rows, received_at=LATER):
    return read_announcements({"quarterlyEarnings": list(rows)}, "IBM", received_at=received_at)


@pytest.mark.parametrize(
    ("told", "known_at"),
    [
        pytest.param({}, datetime(2016, 4, 19, 4, 0, tzinfo=UTC), id="no time"),
        pytest.param(
            {"reportTime": "pre-market"},
            datetime(2016, 4, 18, 13, 30, tzinfo=UTC),
            id="before the open",
        ),
        pytest.param(
            {"reportTime": "post-market"},
            datetime(2016, 4, 19, 4, 0, tzinfo=UTC),
            id="after the close",
        ),
        pytest.param(
            {"reportTime": "at noon"},
            datetime(2016, 4, 19, 4, 0, tzinfo=UTC),
            id="a word nobody knows",
        ),
        pytest.param(
            {"fiscalDateEnding": "2015-12-31", "reportedDate": "2016-01-19"},
            datetime(2016, 1, 20, 5, 0, tzinfo=UTC),
            id="in winter",
        ),
    ],
)
def test_a_quarter_is_known_when_everybody_could_know_it(told, known_at):
    row = {**ROW, **told}
    assert announced(row).known_at(date.fromisoformat(row["fiscalDateEnding"])) == known_at


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"reportedDate": "None"}, id="no date"),
        pytest.param({"reportedEPS": "None"}, id="no result yet"),
        pytest.param({"reportedDate": "2016-06-02"}, id="a day to come"),
    ],
)
def test_what_is_only_expected_is_no_announcement(told):
    found = announced({**ROW, **told})
    assert found.known_at(END) is None
    assert found.refused == ()


def test_the_day_is_new_yorks_when_what_is_to_come_is_told():
    row = {**ROW, "reportedDate": "2016-06-02", "reportTime": "pre-market"}
    evening = datetime(2016, 6, 2, 3, 59, tzinfo=UTC)
    assert announced(row, received_at=evening).known_at(END) is None
    assert announced(row, received_at=evening.replace(hour=4)).known_at(END) is not None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("1.84", "EARNINGS: the row is no object", id="no object"),
        pytest.param(
            {**ROW, "fiscalDateEnding": "soon"},
            "EARNINGS: its fiscalDateEnding is no date",
            id="no end",
        ),
        pytest.param(
            {**ROW, "reportedDate": "2016-13-01"},
            "EARNINGS: its reportedDate is no date",
            id="no day",
        ),
        pytest.param(
            {**ROW, "reportedDate": "2016-03-31"},
            "EARNINGS: reported on 2016-03-31, before the quarter was over on 2016-03-31",
            id="too early",
        ),
    ],
)
def test_a_row_that_is_no_announcement_is_refused(row, reason):
    [refused] = announced(row).refused
    assert (refused.subject, refused.reason) == ("IBM", reason)
    assert "1.84" in refused.received.values()


def test_of_two_announcements_of_a_quarter_the_later_counts():
    rows = [ROW, {**ROW, "reportedDate": "2016-04-20"}, {**ROW, "reportedDate": "2016-04-19"}]
    assert announced(*rows).known_at(END) == datetime(2016, 4, 21, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "is_found"),
    [("2016-03-26", True), ("2016-04-02", True), ("2016-03-20", False), ("2015-12-31", False)],
)
def test_an_end_some_days_off_is_the_same_quarter(end, is_found):
    found = announced({**ROW, "fiscalDateEnding": end, "reportedDate": "2016-04-18"})
    assert (found.known_at(END) is not None) == is_found


def test_nothing_is_known_before_a_period_is_over():
    row = {**ROW, "fiscalDateEnding": "2016-03-24", "reportedDate": "2016-03-31"}
    assert announced(row).known_at(END) is None


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        (datetime(2016, 5, 3, 4, 0, tzinfo=UTC), False),
        (datetime(2016, 5, 3, 4, 1, tzinfo=UTC), True),
    ],
)
def test_it_is_quiet_since_the_statements_followed_the_newest_announcement(moment, is_quiet):
    old = {**ROW, "fiscalDateEnding": "2015-12-31", "reportedDate": "2016-01-19"}
    assert announced(ROW, old).is_quiet_since(moment) is is_quiet


def test_where_nothing_was_announced_nobody_can_tell_that_it_is_quiet():
    assert not announced().is_quiet_since(LATER)
    assert not read_announcements({}, "IBM", received_at=LATER).is_quiet_since(LATER)


def test_the_announcements_on_file_are_read_whole(shared_data):
    document = json.loads((shared_data / "alphavantage" / "EARNINGS_IBM.json").read_text())
    found = read_announcements(document, "IBM", received_at=datetime(2021, 8, 1, tzinfo=UTC))
    assert (len(found.by_end), found.refused) == (102, ())
    assert found.known_at(date(2019, 12, 31)) == datetime(2020, 1, 22, 5, 0, tzinfo=UTC)
    assert found.known_at(date(1996, 3, 31)) == datetime(1996, 4, 18, 4, 0, tzinfo=UTC)
