import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.adapters.alpha_vantage.refusals import (
    EARNINGS,
    REPORTS,
    SYMBOL,
    RefusalKind,
    read_refusal,
)
from tests.peers.alpha_vantage.texts import (
    BAD_KEY,
    DAY_USED_UP,
    INVALID_CALL,
    NO_SUCH_FUNCTION,
    PREMIUM_ONLY,
    RATE_LIMITED,
    TEXTS,
    UNRECOGNISED,
    refusal,
)

KINDS = {
    RefusalKind.BAD_KEY: BAD_KEY,
    RefusalKind.DAY_USED_UP: DAY_USED_UP,
    RefusalKind.RATE_LIMITED: RATE_LIMITED,
    RefusalKind.PREMIUM_ONLY: PREMIUM_ONLY,
    RefusalKind.INVALID_CALL: INVALID_CALL,
    RefusalKind.NO_SUCH_FUNCTION: NO_SUCH_FUNCTION,
    RefusalKind.UNRECOGNISED: UNRECOGNISED,
}
SHARED = {
    "http200_error_apikey.json": RefusalKind.BAD_KEY,
    "http200_error_invalid_call.json": RefusalKind.INVALID_CALL,
    "http200_information_25_per_day.json": RefusalKind.DAY_USED_UP,
    "http200_information_premium_endpoint.json": RefusalKind.PREMIUM_ONLY,
    "http200_note_5_per_minute.json": RefusalKind.RATE_LIMITED,
}


def kind_of(document):
    return read_refusal(document).kind


@pytest.mark.parametrize("function", ["TIME_SERIES_DAILY_ADJUSTED", "INCOME_STATEMENT", "EARNINGS"])
@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for kind, texts in KINDS.items() for name in texts]
)
def test_every_recorded_wording_is_told_apart(name, kind, function):
    assert kind_of(refusal(name, key="[redacted]", function=function)) is kind


def test_every_recorded_wording_is_listed_under_a_kind():
    assert {name for texts in KINDS.values() for name in texts} == set(TEXTS)


@pytest.mark.parametrize("name", SHARED)
def test_the_refusals_on_file_are_told_apart(name, shared_data):
    document = json.loads((shared_data / "alphavantage" / name).read_text())
    assert kind_of(document) is SHARED[name]


@pytest.mark.parametrize(
    ("key", "text", "kind"),
    [
        pytest.param(
            "Note",
            "Your plan allows 75 requests per minute; slow down.",
            RefusalKind.RATE_LIMITED,
            id="another plan's minute",
        ),
        pytest.param(
            "Information",
            "The daily limit of your key is reached.",
            RefusalKind.DAY_USED_UP,
            id="the day in other words",
        ),
        pytest.param(
            "Information",
            "TIME_SERIES_DAILY is a premium function now.",
            RefusalKind.PREMIUM_ONLY,
            id="premium in other words",
        ),
        pytest.param(
            "Error Message",
            "Your API key is invalid.",
            RefusalKind.BAD_KEY,
            id="the key in other words",
        ),
        pytest.param(
            "Information",
            "See https://www.alphavantage.co/premium/ for is-a-premium",
            RefusalKind.UNRECOGNISED,
            id="words of a link alone",
        ),
        pytest.param(
            "Error Message",
            "This is a premium endpoint",
            RefusalKind.UNRECOGNISED,
            id="known words under another key",
        ),
    ],
)
def test_other_wordings_with_the_telling_words_are_told_apart(key, text, kind):
    assert kind_of({key: text}) is kind


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        pytest.param({}, RefusalKind.NOTHING_SAID, id="nothing"),
        pytest.param({"message": "Internal error"}, RefusalKind.UNRECOGNISED, id="another key"),
        pytest.param({"Information": {"a": 1}}, RefusalKind.UNRECOGNISED, id="no text"),
        pytest.param({"Time Series (Daily)": None}, RefusalKind.UNRECOGNISED, id="no series"),
    ],
)
def test_what_holds_neither_data_nor_words_is_a_refusal_too(document, kind):
    assert kind_of(document) is kind


def test_a_series_is_no_refusal_whatever_is_said_beside_it():
    assert read_refusal({"Time Series (Daily)": {}, "Information": "This is a premium key"}) is None


@pytest.mark.parametrize(
    ("holds", "document"),
    [
        (REPORTS, {"symbol": "IBM", "quarterlyReports": []}),
        (EARNINGS, {"symbol": "IBM", "quarterlyEarnings": [{}], "Note": "per day"}),
        (SYMBOL, {"Symbol": "IBM"}),
    ],
)
def test_an_answer_about_a_company_is_no_refusal_to_its_own_question_alone(holds, document):
    assert read_refusal(document, holds=holds) is None
    for other in {REPORTS, EARNINGS, SYMBOL} - {holds}:
        assert read_refusal(document, holds=other) is not None


@pytest.mark.parametrize(
    ("holds", "document"),
    [
        (REPORTS, {"symbol": "IBM", "quarterlyReports": None}),
        (EARNINGS, {"symbol": "IBM", "quarterlyEarnings": {}}),
        (SYMBOL, {"Symbol": 7}),
    ],
)
def test_an_answer_of_another_shape_is_a_refusal_nobody_knows(holds, document):
    assert read_refusal(document, holds=holds).kind is RefusalKind.UNRECOGNISED


def test_a_long_refusal_is_cut_and_stripped_of_control_characters():
    text = read_refusal({"Note": "a\x1b[31m\n" + "b" * 1000}).text
    assert text.startswith("a [31m b")
    assert len(text) < 320


@given(
    st.dictionaries(
        st.sampled_from(["Error Message", "Information", "Note", "Other"]), st.text(), min_size=1
    )
)
def test_no_text_without_the_words_is_taken_for_a_symbol_that_does_not_exist(document):
    said = document.get("Error Message", "").lower()
    kind = kind_of(document)
    assert kind is not RefusalKind.INVALID_CALL or "invalid api call" in " ".join(said.split())
