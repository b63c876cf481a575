import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alpha_oracle.adapters.postgres.binary_copy import (
    copy_in,
    copy_out,
    from_postgres_days,
    to_postgres_days,
    to_postgres_instant,
)
from alpha_oracle.adapters.postgres.engine import raw_cursor

days = st.dates().map(lambda day: np.datetime64(day, "D"))
int32 = st.integers(-(2**31), 2**31 - 1)
a_row = st.tuples(int32, days, st.integers(-(2**61), 2**61), st.floats(width=64))


@pytest.fixture
def cursor(database):
    with database.begin() as connection, raw_cursor(connection) as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copied (a_group integer, day date, number bigint, value float8)"
        )
        yield cursor


@given(rows=st.lists(a_row, max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_rows_come_back_from_the_server_bit_by_bit(cursor, rows):
    cursor.execute("TRUNCATE copied")
    columns = {
        "a_group": np.array([row[0] % 3 for row in rows], np.int32),
        "day": to_postgres_days(np.array([row[1] for row in rows], "datetime64[D]")),
        "number": np.array([row[2] for row in rows], np.int64),
        "value": np.array([row[3] for row in rows], np.float64),
    }

    copy_in(cursor, "copied", columns)
    packed = copy_out(
        cursor,
        "SELECT a_group, string_agg(date_send(day), ''), string_agg(int8send(number), ''),"
        " string_agg(float8send(value), '') FROM copied GROUP BY a_group",
        {"day": ">i4", "number": ">i8", "value": ">f8"},
    )

    assert sorted(packed.groups) == sorted(set(columns["a_group"].tolist()))
    for number, group in enumerate(packed.groups):
        for name, values in packed.values.items():
            expected = columns[name][columns["a_group"] == group]
            assert values[number].astype(expected.dtype).tobytes() == expected.tobytes()


def test_days_and_instants_are_what_the_server_reads(cursor):
    day = np.array(["1899-12-31", "1970-01-01", "2000-01-01", "2026-10-09"], "datetime64[D]")
    copy_in(cursor, "copied", {"day": to_postgres_days(day)})

    cursor.execute("SELECT day::text FROM copied ORDER BY day")

    assert [text for (text,) in cursor] == day.astype(str).tolist()
    assert from_postgres_days(to_postgres_days(day)).tolist() == day.tolist()


def test_an_instant_keeps_its_microseconds(cursor):
    cursor.execute("SELECT '2016-01-04 21:00:00.000001+00'::timestamptz")
    (instant,) = cursor.fetchone()

    cursor.execute(
        "SELECT timestamptz '2000-01-01 00:00:00+00' + %s * interval '1 microsecond'",
        (to_postgres_instant(instant),),
    )

    assert cursor.fetchone() == (instant,)


@pytest.mark.parametrize("count", [0, 1, 25_000, 60_000])
def test_rows_of_several_chunks_all_arrive(cursor, count):
    columns = {"a_group": np.zeros(count, np.int32), "number": np.arange(count, dtype=np.int64)}

    copy_in(cursor, "copied", columns)

    cursor.execute("SELECT count(*), coalesce(sum(number), 0) FROM copied")
    assert cursor.fetchone() == (count, count * (count - 1) // 2)
