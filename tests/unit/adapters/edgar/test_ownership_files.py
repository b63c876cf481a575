from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.edgar.ownership_files import MAX_FILE_BYTES, read_ownership_files
from alpha_oracle.errors import ConfigurationError, DataError
from tests.peers.edgar.documents import Form4, feed_submission, submission

NUMBER = "0000000001-24-000001"


def write(folder, **files):
    for name, body in files.items():
        (folder / name.replace("_", ".")).write_bytes(body)
    return folder


def only(received):
    (filing,) = received.filings
    assert received.refused == ()
    return filing


def test_whole_submissions_are_known_by_their_header(tmp_path):
    body = submission(NUMBER, Form4(ticker="brk-b").xml())
    filing = only(read_ownership_files(write(tmp_path, a_txt=body)))
    assert (filing.accession, filing.symbol) == (NUMBER, "BRK.B")
    assert filing.known_at == datetime(2024, 5, 2, 22, 30, tzinfo=UTC)
    assert filing.filed_on == date(2024, 5, 2)


def test_the_same_filing_in_two_files_is_one(tmp_path):
    whole, feed = (write_as(NUMBER, Form4().xml()) for write_as in (submission, feed_submission))
    received = read_ownership_files(write(tmp_path, a_txt=whole, b_nc=feed))
    assert len(received.filings) == 1


def test_a_bare_document_is_known_two_sessions_after_whatever_is_latest_in_it(tmp_path):
    # Signed on a Thursday: the second session after it is a Monday.
    body = Form4(signed="2024-05-02").xml().encode()
    filing = only(read_ownership_files(write(tmp_path, a_xml=body)))
    assert filing.known_at == datetime(2024, 5, 7, 3, 59, 59, tzinfo=UTC)
    assert filing.filed_on == date(2024, 5, 2)
    assert filing.accession.startswith("xml-")
    assert only(read_ownership_files(tmp_path / "a.xml")) == filing


def test_a_bare_document_signed_before_its_trade_is_known_after_the_trade(tmp_path):
    body = Form4(signed="2024-04-01").xml().encode()
    filing = only(read_ownership_files(write(tmp_path, a_xml=body)))
    assert filing.known_at == datetime(2024, 5, 4, 3, 59, 59, tzinfo=UTC)


def test_a_header_without_a_time_is_known_at_the_end_of_its_day(tmp_path):
    body = submission(NUMBER, Form4().xml()).replace(b"<ACCEPTANCE-DATETIME>", b"<ACCEPTED>")
    filing = only(read_ownership_files(write(tmp_path, a_txt=body)))
    assert filing.known_at == datetime(2024, 5, 3, 3, 59, 59, tzinfo=UTC)


def test_a_file_that_cannot_be_opened_is_said(tmp_path):
    (tmp_path / "a.xml").symlink_to(tmp_path / "gone.xml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_ownership_files(tmp_path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (Form4(signed="").xml().encode(), "whole submission"),
        (Form4(ticker="NONE, SEE REMARKS").xml().encode(), "not a ticker"),
        (Form4(form="3").xml().encode(), "neither 4 nor 4/A"),
        (submission(NUMBER, Form4().xml())[:600], "broke off"),
        (b"\xff\xfe\x00nothing", "no ownershipDocument"),
        (b" " * (MAX_FILE_BYTES + 1), "larger than 16 MiB"),
    ],
    ids=["unsigned", "no_ticker", "a_form_3", "cut_off", "something_else", "too_large"],
)
def test_a_file_that_is_no_form_4_is_refused_alone(tmp_path, body, reason):
    folder = write(tmp_path, a_xml=body, b_txt=submission(NUMBER, Form4().xml()), notes_md=b"x")
    received = read_ownership_files(folder)
    assert [filing.accession for filing in received.filings] == [NUMBER]
    (row,) = received.refused
    assert row.subject == "a.xml"
    assert reason in row.reason


@pytest.mark.parametrize(
    ("name", "told"), [("", "holds no file"), ("nothing", "neither a file nor a folder")]
)
def test_a_place_without_filings_is_an_error(tmp_path, name, told):
    with pytest.raises(DataError, match=told):
        read_ownership_files(tmp_path / name)


def test_the_real_files_are_ten_forms_4(shared_data):
    received = read_ownership_files(shared_data / "form4")
    assert len(received.filings) == 10
    assert {row.subject.partition("_")[0] for row in received.refused} == {"form3", "form5"}
    assert sum(len(filing.transactions) for filing in received.filings) == 33
