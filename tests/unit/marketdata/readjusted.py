"""Days on which a source's history moved, for any stores; two suites run them."""

from datetime import date

from alpha_oracle.marketdata.imports import import_actions
from tests.unit.marketdata.intake import BOUNDS, a_dividend, a_split, decided, stored_closes
from tests.unit.marketdata.readjusting import (
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    adjusted,
    run,
)

SEVEN = ([700.0, 707.0, 102.0, 103.0], 7)
QUARTER = ([100.0, 101.0, 81.6, 82.4], 1.25)


def a_split_noticed_on_its_day(stores, closes, value):
    """Monday and Tuesday as traded, the split on Wednesday, each day run once."""
    market, splits = {"A": closes}, [(WEDNESDAY, value)]
    for session in (MONDAY, TUESDAY):
        run(stores, session, adjusted(market, through=session, splits=splits))
    return run(stores, WEDNESDAY, adjusted(market, through=WEDNESDAY, splits=splits))


def a_split_noticed_late(stores, closes, value):
    """As before, but nothing ran on Wednesday: Thursday's run cannot know the ex-date."""
    market, splits = {"A": closes}, [(WEDNESDAY, value)]
    for session in (MONDAY, TUESDAY):
        run(stores, session, adjusted(market, through=session, splits=splits))
    return run(stores, THURSDAY, adjusted(market, through=THURSDAY, splits=splits))


def check_a_certain_split_is_recorded_and_nothing_is_stored_twice(stores, closes, value):
    report = a_split_noticed_on_its_day(stores, closes, value)
    assert [(split.ex_date, float(split.value)) for split in report.overlap.splits] == [
        (WEDNESDAY, value)
    ]
    assert [(a.ex_date, float(a.value)) for a in stores.reference.actions()] == [(WEDNESDAY, value)]
    assert (report.accepted, report.quarantined) == (1, 0)
    # What was stored before the split stands as it was received then.
    assert list(stored_closes(stores, "A").values()) == closes[:3]
    market, splits = {"A": closes}, [(WEDNESDAY, value)]
    again = run(stores, WEDNESDAY, adjusted(market, through=WEDNESDAY, splits=splits))
    assert again.already_stored == 1
    following = run(stores, THURSDAY, adjusted(market, through=THURSDAY, splits=splits))
    assert (following.accepted, following.overlap.splits) == (1, ())
    assert following.overlap.corrections_seen == 0
    assert list(stored_closes(stores, "A").values()) == closes


def check_an_uncertain_split_is_held_until_its_action_comes(stores, closes, value):
    report = a_split_noticed_late(stores, closes, value)
    assert (report.accepted, report.missing, report.overlap.splits) == (0, ("A",), ())
    assert report.why_missing == {"A": "held: overlap_agrees"}
    [conflict] = report.overlap.conflicts
    assert "between 2016-01-06 and 2016-01-07" in conflict.reason
    [held] = stores.quarantine.held()
    assert (held.session, held.expectations, held.detail) == (
        "2016-01-07",
        ("overlap_agrees",),
        conflict.reason,
    )
    # Actions that explain nothing of it free nothing.
    for other in (
        a_dividend("A", "2016-01-06", 0.5),
        a_split("A", "2016-01-08", value),
        a_split("A", "2016-01-05", value),
    ):
        assert bring(stores, other) == 0
    assert list(stored_closes(stores, "A").values()) == closes[:2]


def check_the_action_frees_the_held_bar_once(stores, closes, value):
    a_split_noticed_late(stores, closes, value)
    split = a_split("A", "2016-01-06", value)
    assert bring(stores, split) == 1
    assert stores.quarantine.held() == []
    freed = [*closes[:2], closes[3]]
    assert list(stored_closes(stores, "A").values()) == freed
    assert bring(stores, split) == 0
    market, splits = {"A": closes}, [(WEDNESDAY, value)]
    again = run(stores, THURSDAY, adjusted(market, through=THURSDAY, splits=splits))
    assert again.already_stored == 1
    assert list(stored_closes(stores, "A").values()) == freed
    [batch] = {
        batch.adjusted_through
        for batch in stores.bars.load(
            start=THURSDAY, end=THURSDAY, as_of=decided("2016-01-11")
        ).batches
    }
    assert batch == date(2016, 1, 7)


def bring(stores, action):
    """Import an action; how many held bars it freed."""
    report = import_actions(
        [action], stores, source="files", bounds=BOUNDS, at=decided("2016-01-11")
    )
    return report.revalidated.explained


CHECKS = (
    check_a_certain_split_is_recorded_and_nothing_is_stored_twice,
    check_an_uncertain_split_is_held_until_its_action_comes,
    check_the_action_frees_the_held_bar_once,
)
