from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.edgar.submission_text import decoded, read_submission, require_whole
from alpha_oracle.errors import DataError, SourceAway
from tests.peers.edgar.documents import (
    Form4,
    feed_submission,
    mail_submission,
    submission,
)

NUMBER = "0000000001-24-000001"


@pytest.mark.parametrize("write", [submission, feed_submission, mail_submission])
def test_the_header_is_read_in_each_of_its_ways(write):
    text = decoded(write(NUMBER, Form4().xml(), accepted="20240502183057", filed="20240502"))
    require_whole(text)
    found = read_submission(text)
    assert found.accession == NUMBER
    assert found.accepted_at == datetime(2024, 5, 2, 22, 30, 57, tzinfo=UTC)
    assert found.filed_on == date(2024, 5, 2)
    assert found.xml.strip() == Form4().xml()


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("form4_AAPL_0000320193-22-000061.txt", datetime(2022, 5, 6, 22, 30, 57, tzinfo=UTC)),
        ("form4_AMZN_0001018724-24-000077.txt", datetime(2024, 4, 12, 21, 11, 35, tzinfo=UTC)),
        ("form4_DKNG_0001104659-25-025206.txt", datetime(2025, 3, 19, 0, 1, 8, tzinfo=UTC)),
        ("form4_JBLU_0001158463-25-000044.txt", datetime(2025, 3, 13, 1, 57, 40, tzinfo=UTC)),
        # In winter.
        ("form4_WDAY_0001327811-25-000050.txt", datetime(2025, 3, 7, 23, 28, 58, tzinfo=UTC)),
    ],
)
def test_real_headers_tell_when_they_were_accepted(shared_data, name, accepted):
    text = decoded((shared_data / "form4" / name).read_bytes())
    require_whole(text)
    found = read_submission(text)
    assert found.accepted_at == accepted
    assert f"{found.accession}.txt" in name


def test_a_bare_document_has_no_header_whatever_it_says():
    footnote = "ACCESSION NUMBER: 0000000009-24-000009 <ACCEPTANCE-DATETIME>20240502183057"
    xml = Form4().xml().replace("</ownershipDocument>", f"<!--{footnote}--></ownershipDocument>")
    found = read_submission(xml)
    assert (found.accession, found.accepted_at, found.filed_on) == (None, None, None)
    assert found.xml == xml


def test_the_document_is_found_among_others():
    text = decoded(submission(NUMBER, Form4().xml()))
    exhibit = (
        "<DOCUMENT>\n<TYPE>EX-24\n<TEXT>\n<XML><other/></XML>\n</TEXT>\n</DOCUMENT>\n<DOCUMENT>"
    )
    found = read_submission(text.replace("<DOCUMENT>", exhibit, 1))
    assert found.xml.strip() == Form4().xml()


def test_a_submission_of_text_alone_is_refused():
    text = decoded(submission(NUMBER, "FORM 4, typed")).replace("XML>", "PRE>")
    with pytest.raises(DataError, match="no ownershipDocument"):
        read_submission(text)


def test_a_header_with_an_impossible_time_is_refused():
    with pytest.raises(DataError, match="header cannot be read"):
        read_submission(decoded(submission(NUMBER, Form4().xml(), accepted="20240532183057")))


@pytest.mark.parametrize("write", [submission, feed_submission, mail_submission])
@pytest.mark.parametrize("keeps", [0.1, 0.5, 0.97])
def test_a_submission_that_is_cut_off_is_seen(write, keeps):
    text = decoded(write(NUMBER, Form4().xml()))
    end = text.rindex("</S")
    with pytest.raises(SourceAway, match="broke off"):
        require_whole(text[: int(end * keeps)])


def test_a_page_for_people_is_no_filing():
    with pytest.raises(SourceAway, match="page"):
        require_whole("<!doctype html><html>Maintenance</html>")


def test_bytes_that_are_not_utf_8_are_read_all_the_same():
    body = submission(NUMBER, Form4().xml().replace("A Company", "Société"))
    assert "Société" in decoded(body.decode().encode("latin-1"))
    assert "Société" in decoded(body)
