"""What a script's values are to Postgres: what they are to the driver, and to who gave them."""

from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.adapters.postgres.literals import written
from alpha_oracle.adapters.postgres.script_connection import ScriptConnection

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
HOSTILE = st.text("'\\\"$;%-/* \n\rEx0é\N{MONEY BAG}", min_size=1)
DECIMALS = st.decimals(allow_infinity=False)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda by: timezone(timedelta(minutes=by)))
FIRST, LAST = (datetime.fromisoformat(text) for text in ("0001-01-02", "9999-12-30"))
INSTANTS = st.datetimes(FIRST, LAST, timezones=ZONES)


@pytest.fixture(scope="module")
def driver(postgres_url):
    with closing(psycopg2.connect(postgres_url)) as driver:
        driver.autocommit = True
        yield driver


def come_back(driver, kind, value):
    with driver.cursor() as cursor:
        cursor.execute(written(f"SELECT CAST(%s AS {kind})", [value], driver))
        [(told,)] = cursor.fetchall()
    return told


@given(text=TEXTS | HOSTILE)
def test_a_text_is_the_same_text(driver, text):
    assert come_back(driver, "text", text) == text


@given(number=DECIMALS)
def test_a_decimal_keeps_every_digit(driver, number):
    told = come_back(driver, "numeric", number)
    assert told.is_nan() if number.is_nan() else told == number


@given(number=st.integers(-(2**63), 2**63 - 1), flag=st.booleans())
def test_whole_numbers_and_flags_are_the_same(driver, number, flag):
    assert come_back(driver, "bigint", number) == number
    assert come_back(driver, "boolean", flag) is flag


@given(at=INSTANTS, day=st.dates())
def test_instants_and_days_are_the_same(driver, at, day):
    assert come_back(driver, "timestamptz", at) == at.astimezone(UTC)
    assert come_back(driver, "date", day) == day


@given(number=st.floats(allow_nan=False), texts=st.lists(TEXTS | HOSTILE))
def test_what_is_not_plain_is_the_drivers(driver, number, texts):
    assert come_back(driver, "double precision", number) == number
    assert come_back(driver, "text[]", texts) == texts


def test_nothing_is_null(driver):
    assert come_back(driver, "text", None) is None


def test_a_sign_joins_no_sign_before_it(driver):
    with driver.cursor() as cursor:
        cursor.execute(written("SELECT 1 -%s, 1 -%s", [-1, Decimal(-1)], driver))
        assert cursor.fetchall() == [(2, 2)]


@pytest.mark.parametrize("text", ["a\0b", "half a \ud83d"])
def test_a_text_postgres_cannot_hold_is_refused(driver, text):
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        written("SELECT %s", [text], driver)


def test_a_text_cannot_end_its_literal_on_a_connection_that_escapes(database):
    prepare = "SET standard_conforming_strings = off"
    with closing(ScriptConnection(database, prepare=prepare)) as connection:
        connection.send(
            ("SELECT CAST(%s AS text) AS one, CAST(%s AS text) AS two", ["\\", "\\' --"])
        )
        assert [tuple(row) for row in connection.answer()] == [("\\", "\\' --")]
