import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from alpha_oracle.adapters.postgres.fetches import LONGEST_SUBJECT, PostgresFetchLog
from alpha_oracle.domain.reference import Family, Fetch, RefusedRow
from tests.contracts.reference_stores import day


@pytest.fixture
def log(database):
    return PostgresFetchLog(database)


def a_row(subject="A", reason="unreadable", **received):
    return RefusedRow(subject=subject, reason=reason, received=received)


def test_hostile_text_is_kept_as_escapes(log):
    row = a_row("S\x00", "R\x00 \ud800", line='{"a": "\x00"}\n')
    assert log.refuse(Family.SHORT_INTEREST, "finra", [row], at=day(1)) == 1
    assert log.refuse(Family.SHORT_INTEREST, "finra", [row], at=day(2)) == 0
    assert log.refused(Family.SHORT_INTEREST) == [
        a_row("S\\x00", "R\\x00 \\ud800", line='{"a": "\\x00"}\n')
    ]


def test_a_long_subject_is_cut_and_told_from_others(log):
    rows = [a_row("S" * 5000 + end) for end in ("", "1", "2")]
    assert log.refuse(Family.INSIDERS, "edgar", rows, at=day(1)) == 3
    subjects = {row.subject for row in log.refused(Family.INSIDERS)}
    assert subjects == {"S" * (LONGEST_SUBJECT - 3) + "..."}


def test_a_long_row_is_kept_whole(log):
    row = a_row(body="x" * 1_000_000)
    log.refuse(Family.INSIDERS, "edgar", [row], at=day(1))
    assert log.refused(Family.INSIDERS) == [row]


def test_threads_that_refuse_the_same_rows_keep_each_once(log):
    rows = [a_row(str(number)) for number in range(50)]
    start = threading.Barrier(4)

    def refuse(part):
        start.wait()
        return log.refuse(Family.INSIDERS, "edgar", part, at=day(1))

    with ThreadPoolExecutor(max_workers=4) as threads:
        counts = list(threads.map(refuse, [rows, rows[::-1], rows, rows[::-1]]))
    assert sum(counts) == len(rows)


def test_threads_that_record_one_subject_keep_the_widest_coverage(log):
    days = [date(2010 + number, 1, 1) for number in range(16)]
    with ThreadPoolExecutor(max_workers=4) as threads:
        list(
            threads.map(
                lambda start: log.record(
                    Family.INSIDERS,
                    "edgar",
                    Fetch(subject="A", fetched_at=day(start.year), covers_from=start),
                ),
                days[::-1],
            )
        )
    kept = Fetch(subject="A", fetched_at=day(2025), covers_from=days[0])
    assert log.fetches(Family.INSIDERS, "edgar") == {"A": kept}
