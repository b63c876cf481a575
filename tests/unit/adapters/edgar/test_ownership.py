from datetime import date

import pytest

from alpha_oracle.adapters.edgar.ownership import parse_ownership
from alpha_oracle.adapters.edgar.submission_text import decoded, read_submission
from alpha_oracle.errors import DataError
from tests.peers.edgar.documents import HOLDING, Form4, transaction


def parsed(**form):
    return parse_ownership(Form4(**form).xml())


def one_row(**row):
    (found,) = parsed(rows=transaction(**row)).transactions
    return found


def real(shared_data, name):
    body = (shared_data / "form4" / name).read_bytes()
    return parse_ownership(read_submission(decoded(body)).xml)


def told(transactions):
    return [(one.code, one.shares, one.price_usd, one.is_derivative) for one in transactions]


def test_eight_owners_of_one_form_are_all_there():
    owners = tuple(str(1000 + count) for count in range(8))
    found = parsed(owners=owners)
    assert [owner.owner_id for owner in found.owners] == [f"{int(cik):010d}" for cik in owners]
    assert len(found.transactions) == 1


def test_an_owner_who_stands_twice_counts_once():
    assert len(parsed(owners=("1001", "1001", "1002")).owners) == 2


def test_rows_are_counted_through_both_tables():
    derivative = transaction(kind="derivativeTransaction", code="M", side="A")
    found = parsed(rows=transaction() + HOLDING + transaction(code="P"), derivative=derivative)
    assert [(one.line, one.code, one.is_derivative) for one in found.transactions] == [
        (1, "S", False),
        (2, "P", False),
        (3, "M", True),
    ]


def test_a_price_of_zero_is_zero_and_a_footnote_is_no_price():
    assert one_row(price="<value>0</value>").price_usd == 0.0
    assert one_row(price='<footnoteId id="F1"/>').price_usd is None
    assert one_row(price="<value></value>").price_usd is None


@pytest.mark.parametrize(
    "day", ["2020-10-09", "2020-10-09-05:00", "2020-10-09+00:00", "2020-10-09Z"]
)
def test_the_zone_behind_a_day_is_left_out(day):
    assert one_row(day=day).traded_on == date(2020, 10, 9)


@pytest.mark.parametrize(
    ("written", "is_ticked"),
    [("1", True), ("true", True), ("True", True), ("0", False), ("false", False), ("", False)],
)
def test_a_box_is_ticked_with_a_number_or_a_word(written, is_ticked):
    found = parsed(
        flags=f"<isDirector>{written}</isDirector>", planned=f"<aff10b5One>{written}</aff10b5One>"
    )
    assert found.owners[0].is_director is is_ticked
    assert found.transactions[0].is_planned is is_ticked


def test_a_form_without_the_box_does_not_say_whether_it_was_planned():
    assert parsed(planned="").transactions[0].is_planned is None


def test_an_owner_is_what_the_boxes_say():
    flags = (
        "<isDirector>1</isDirector><isOfficer>0</isOfficer><isTenPercentOwner>1</isTenPercentOwner>"
    )
    (owner,) = parsed(flags=flags).owners
    assert (owner.is_director, owner.is_officer, owner.is_ten_percent_owner) == (True, False, True)
    assert (owner.name, owner.officer_title) == ("Owner 1001", "CFO")


def test_an_amendment_names_the_day_of_its_original():
    found = parsed(form="4/A", original="2024-05-02-05:00")
    assert (found.form, found.original_filed_on) == ("4/A", date(2024, 5, 2))
    assert parsed(original="2024-05-02").original_filed_on is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"shares": "<value>many</value>"}, "transactionShares"),
        ({"shares": ""}, "transactionShares/value is missing"),
        ({"shares": "<value>-5</value>"}, "-5.0 shares"),
        ({"shares": "<value>1e999</value>"}, "no number"),
        ({"price": "<value>-1</value>"}, "price"),
        ({"price": "<value>$5</value>"}, "no number"),
        ({"day": ""}, "transactionDate/value is missing"),
        ({"day": "May 1"}, "no day"),
        ({"day": "2024-02-31"}, "day is out of range"),
        ({"code": ""}, "no letter"),
        ({"side": "X"}, "none of A, D"),
        ({"nature": ""}, "none of D, I"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_read_leaves_the_others(row, reason):
    found = parsed(rows=transaction(**row) + transaction(code="P"))
    assert [(one.line, one.code) for one in found.transactions] == [(2, "P")]
    ((line, why),) = found.unreadable
    assert line == 1
    assert reason in why


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"form": "3"}, "Form '3'"),
        ({"form": ""}, "Form ''"),
        ({"owners": ()}, "0 reporting owners"),
        ({"owners": ("nobody",)}, "no Central Index Key"),
        ({"owners": tuple(str(count) for count in range(1, 102))}, "101 reporting owners"),
        ({"period": "soon"}, "periodOfReport"),
        ({"period": ""}, "periodOfReport is missing"),
        ({"flags": "<isDirector>maybe</isDirector>"}, "neither true nor false"),
        ({"form": "4/A", "original": "then"}, "dateOfOriginalSubmission"),
        ({"rows": "<nonDerivativeTransaction/>" * 10_001}, "10,001 rows"),
        ({"rows": "<nonDerivativeTransaction>"}, "no XML"),
        ({"prologue": '<!DOCTYPE a [<!ENTITY b "c">]>'}, "DOCTYPE"),
        ({"ticker": "&b;"}, "no XML"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_document_that_cannot_be_read_says_why(form, reason):
    with pytest.raises(DataError, match=reason):
        parsed(**form)


def test_a_document_of_another_kind_is_refused():
    with pytest.raises(DataError, match="edgarSubmission"):
        parse_ownership("<edgarSubmission/>")


def test_a_document_larger_than_any_is_refused():
    with pytest.raises(DataError, match="longer than"):
        parse_ownership(" " * (8 * 1024 * 1024 + 1))


def test_names_may_stand_in_a_namespace():
    xml = Form4().xml().replace("<ownershipDocument>", '<ownershipDocument xmlns="urn:a">')
    assert len(parse_ownership(xml).transactions) == 1


@pytest.mark.parametrize(
    ("name", "rows", "derivative", "planned"),
    [
        ("form4_AAPL_0000320193-22-000061.txt", 7, 0, None),
        ("form4_AAPL_2020-10-09.xml", 1, 0, None),
        ("form4_AMZN_0001018724-24-000077.txt", 1, 1, False),
        ("form4_ARWR_2025-12-19.xml", 3, 0, True),
        ("form4_DKNG_0001104659-25-025206.txt", 3, 0, True),
        ("form4_JBLU_0001158463-25-000044.txt", 1, 1, False),
        ("form4_PMN_2025-07-25.xml", 7, 4, False),
        ("form4_SCWO_2025-04-30.xml", 2, 1, False),
        ("form4_SNOW_2022-12-13.xml", 7, 1, None),
        ("form4_WDAY_0001327811-25-000050.txt", 1, 0, False),
    ],
)
def test_every_real_form_4_is_read_whole(shared_data, name, rows, derivative, planned):
    found = real(shared_data, name)
    assert found.issuer_symbol == name.split("_")[1]
    assert len(found.transactions) == rows
    assert sum(one.is_derivative for one in found.transactions) == derivative
    assert {one.is_planned for one in found.transactions} == {planned}
    assert found.unreadable == ()


@pytest.mark.parametrize(
    "name",
    [
        "form3_SNOW_2020-09-15.xml",
        "form3_SNOW_2owners_2020-09-18.xml",
        "form3_SPWR_no_securities.xml",
        "form5_SNOW_2022-01-31.xml",
    ],
)
def test_real_forms_of_other_kinds_are_refused_as_such(shared_data, name):
    with pytest.raises(DataError, match="neither 4 nor 4/A"):
        real(shared_data, name)


def test_warrants_exercised_at_prices_told_in_footnotes(shared_data):
    rows = told(real(shared_data, "form4_PMN_2025-07-25.xml").transactions)
    assert rows[:3] == [("X", 697_674.0, None, False)] * 3
    assert rows[3:6] == [("X", 697_674.0, 0.0, True)] * 3
    assert rows[6] == ("P", 3_139_533.0, None, True)


def test_an_exercise_and_the_sales_after_it_of_an_officer(shared_data):
    found = real(shared_data, "form4_SNOW_2022-12-13.xml")
    assert told(found.transactions)[:2] == [
        ("M", 200_000.0, 8.88, False),
        ("S", 73_170.0, 150.841, False),
    ]
    assert found.transactions[0].is_acquisition
    assert not found.transactions[1].is_acquisition
    assert found.transactions[-1].is_derivative
    assert [owner.officer_title for owner in found.owners] == ["Chief Financial Officer"]
    assert {one.is_direct for one in found.transactions} == {True}


def test_awards_without_a_price_and_at_zero(shared_data):
    (jetblue,) = real(shared_data, "form4_JBLU_0001158463-25-000044.txt").transactions
    (amazon,) = real(shared_data, "form4_AMZN_0001018724-24-000077.txt").transactions
    assert (jetblue.code, jetblue.price_usd) == ("A", None)
    assert (amazon.code, amazon.price_usd) == ("A", 0.0)
