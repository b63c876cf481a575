from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.alpha_vantage.coverage import span_of

WEDNESDAY = date(2016, 11, 23)
HALF_DAY = date(2016, 11, 25)  # Closes at 13:00 in New York, 18:00 UTC.
MONDAY = date(2016, 11, 28)


def test_a_span_ends_with_the_last_finished_session_asked_for():
    now = datetime(2016, 11, 28, 15, 0, tzinfo=UTC)
    span = span_of(date(2016, 11, 19), date(2016, 12, 31), now=now)
    assert (span.start, span.end, span.latest) == (date(2016, 11, 21), HALF_DAY, HALF_DAY)
    assert span.is_latest
    assert not span_of(WEDNESDAY, WEDNESDAY, now=now).is_latest


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(MONDAY, MONDAY, id="today, before the close"),
        pytest.param(date(2016, 11, 24), date(2016, 11, 24), id="a holiday"),
        pytest.param(HALF_DAY, WEDNESDAY, id="an end before the start"),
    ],
)
def test_a_range_without_a_finished_session_has_no_span(start, end):
    assert span_of(start, end, now=datetime(2016, 11, 28, 15, 0, tzinfo=UTC)) is None
