import json
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.edgar.submissions import read_page
from alpha_oracle.errors import DataError, SourceAway
from tests.integration.edgar.worlds import real
from tests.peers.edgar.documents import submissions

CIK = "0000000001"
ROW = ("0000000001-24-000001", "10-Q", "2024-05-02", "2024-05-02T20:08:00.000Z")


def of(page, accession):
    return next(row for row in page.rows if row.accession == accession)


def test_the_list_of_2023_is_read_as_new_york_time(shared_data):
    page = read_page(real(shared_data, "submissions_CIK0000320193_AAPL.json.gz"), "0000320193")
    # By the header of the filing itself: 18:30:57 in New York.
    form4 = of(page, "0000320193-22-000061")
    assert form4.accepted_at == datetime(2022, 5, 6, 22, 30, 57, tzinfo=UTC)
    assert (form4.form, form4.filed_on) == ("4", date(2022, 5, 6))
    assert len(page.rows) == 1000
    assert [(one.name, one.end) for one in page.older] == [
        ("CIK0000320193-submissions-001.json", date(2013, 2, 7))
    ]


def test_a_list_of_2026_is_read_as_utc(shared_data):
    page = read_page(real(shared_data, "submissions_CIK0000789019_MSFT.json.gz"), "0000789019")
    newest = of(page, "0000789019-26-000046")
    assert newest.accepted_at == datetime(2026, 3, 3, 23, 1, 15, tzinfo=UTC)


def test_an_older_page_is_columns_alone(shared_data):
    page = read_page(real(shared_data, "submissions_CIK0000320193_AAPL-001.json.gz"), "0000320193")
    assert (len(page.rows), page.older) == (988, ())
    # 17:03:29 in New York, in winter.
    newest = of(page, "0001193125-13-043745")
    assert newest.accepted_at == datetime(2013, 2, 7, 22, 3, 29, tzinfo=UTC)


def test_a_company_without_filings_has_an_empty_list(shared_data):
    body = (shared_data / "edgar" / "submissions_CIK0000350001_no_filings.json").read_bytes()
    page = read_page(body, "0000350001")
    assert (page.rows, page.older) == ((), ())


@pytest.mark.parametrize("keeps", [0.3, 0.99])
def test_a_list_that_ends_in_the_middle_is_asked_for_again(keeps):
    body = submissions(1, [ROW])
    with pytest.raises(SourceAway, match="broke off"):
        read_page(body[: int(len(body) * keeps)], CIK)


def test_a_page_for_people_is_asked_for_again():
    with pytest.raises(SourceAway, match="sent a page"):
        read_page(b"<!DOCTYPE html><html>We will be back soon</html>", CIK)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (submissions(2, [ROW]), "is of CIK '2'"),
        (submissions(1, [("not-one", *ROW[1:])]), "accession number"),
        (submissions(1, [(*ROW[:2], "yesterday", ROW[3])]), "yesterday"),
        (submissions(1, [ROW], older=[("../../secret", "2001-01-01", "2002-01-01")]), "older page"),
        (submissions(1, [ROW], older=[("CIK0000000001-submissions-001.json", "", "")]), "hold"),
        (b'{"cik": "1", "filings": {"recent": []}}', "no object"),
        (b'{"cik": "1", "filings": {"recent": {"form": []}}}', "accessionNumber is no list"),
        (b'{"filings": {"recent": {}}, "cik": [}', "cannot be read"),
        (b"{" + b'"a":[' * 100_000 + b"]" * 100_000 + b"}", "cannot be read"),
    ],
    ids=[
        "of_another", "no_accession", "no_day", "a_path", "page_without_days", "no_columns",
        "a_column_less", "no_json", "too_deep",
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_refused(body, told):
    with pytest.raises(DataError, match=told):
        read_page(body, CIK)


def test_columns_of_different_lengths_are_refused():
    document = json.loads(submissions(1, [ROW]))
    document["filings"]["recent"]["form"].append("4")
    with pytest.raises(DataError, match="different lengths"):
        read_page(json.dumps(document).encode(), CIK)
