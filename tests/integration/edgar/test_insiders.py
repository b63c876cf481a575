import json
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.edgar.insiders import EdgarInsiders
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.errors import DataError, SourceAway
from tests.integration.edgar.worlds import (
    TICKERS,
    a_world,
    insider_files,
    list_path,
    number,
    real,
    text_path,
)
from tests.peers.edgar.documents import (
    Form4,
    columns,
    feed_submission,
    mail_submission,
    submission,
    submissions,
    tickers,
    transaction,
)


def accessions(received):
    return [filing.accession for filing in received.filings]


def listed(rows, *, cik=1, ticker="AAA", older=()):
    return {
        TICKERS: tickers({ticker: (cik, "A Company")}),
        list_path(cik): submissions(cik, rows, older=older),
    }


ROW = (number(1), "4", "2024-05-02", "2024-05-02T22:30:00.000Z")


def one_filing(text, *, row=ROW):
    return listed([row]) | {text_path(1, row[0]): text}


def test_a_filing_is_known_when_its_header_says():
    text = submission(number(1), Form4(ticker="OLD").xml(), accepted="20240502183057")
    with a_world(one_filing(text)) as world:
        (filing,) = world.insiders().filings
        assert (filing.accession, filing.symbol, filing.form) == (number(1), "AAA", "4")
        assert filing.known_at == datetime(2024, 5, 2, 22, 30, 57, tzinfo=UTC)
        assert filing.filed_on == date(2024, 5, 2)


def test_a_filing_without_a_time_in_its_header_is_known_as_the_list_says():
    text = submission(number(1), Form4().xml()).replace(b"<ACCEPTANCE-DATETIME>", b"<ACCEPTED>")
    with a_world(one_filing(text)) as world:
        (filing,) = world.insiders().filings
        assert filing.known_at == datetime(2024, 5, 2, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize("write", [submission, feed_submission, mail_submission])
def test_filings_come_in_each_of_the_ways_headers_are_written(write):
    with a_world(one_filing(write(number(1), Form4().xml()))) as world:
        assert accessions(world.insiders()) == [number(1)]


def test_filings_come_oldest_first_from_the_day_asked_for():
    with a_world(insider_files(5)) as world:
        received = world.insiders(start=date(2024, 5, 3))
        assert accessions(received) == [number(3), number(4), number(5)]
        assert received.absence is None


def test_what_is_known_is_not_asked_for():
    with a_world(insider_files(3)) as world:
        received = world.insiders(known=[number(1), number(3)])
        assert accessions(received) == [number(2)]
        assert text_path(1, number(1)) not in world.peer.paths


def test_other_forms_are_not_asked_for():
    rows = [(number(count), form, "2024-05-02", "") for count, form in enumerate(("3", "5", "144"))]
    with a_world(listed(rows)) as world:
        received = world.insiders()
        assert (received.filings, received.refused, received.absence) == ((), (), None)


def test_older_pages_are_read_as_far_back_as_is_asked_for():
    pages = [
        ("CIK0000000001-submissions-001.json", "2023-01-01", "2023-12-31"),
        ("CIK0000000001-submissions-002.json", "2001-01-01", "2022-12-31"),
    ]
    old = (number(1, year=23), "4", "2023-06-01", "2023-06-01T22:30:00.000Z")
    text = submission(old[0], Form4().xml(), filed="20230601", accepted="20230601183000")
    files = listed([], older=pages) | {
        f"/submissions/{pages[0][0]}": json.dumps(columns([old])).encode(),
        text_path(1, old[0]): text,
    }
    with a_world(files) as world:
        assert accessions(world.insiders(start=date(2023, 3, 1))) == [old[0]]
        assert f"/submissions/{pages[1][0]}" not in world.peer.paths


def test_eight_owners_report_their_trades_once():
    owners = tuple(str(1000 + count) for count in range(8))
    rows = transaction() + transaction(code="P", side="A")
    text = submission(number(1), Form4(owners=owners, rows=rows).xml())
    with a_world(one_filing(text)) as world:
        (filing,) = world.insiders().filings
        assert (len(filing.owners), len(filing.transactions)) == (8, 2)


def test_an_amendment_names_the_day_of_what_it_replaces():
    text = submission(number(1), Form4(form="4/A", original="2024-04-30").xml(), form="4/A")
    row = (number(1), "4/A", "2024-05-02", "2024-05-02T22:30:00.000Z")
    with a_world(one_filing(text, row=row)) as world:
        (filing,) = world.insiders().filings
        assert filing.is_amendment
        assert filing.replaces_filed_on == date(2024, 4, 30)


def test_a_filing_of_ours_about_another_company_is_left_out_and_asked_for_once():
    about_another = submission(number(1), Form4(issuer=77).xml())
    with a_world(one_filing(about_another)) as world:
        source = EdgarInsiders(world.edgar)
        assert source.name == "edgar"
        for _ in range(2):
            received = source.fetch("AAA", start=date(2024, 1, 1), known=())
            assert (received.filings, received.refused, received.absence) == ((), (), None)
        assert world.peer.paths.count(text_path(1, number(1))) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (submission(number(1), Form4(owners=()).xml()), "0 reporting owners"),
        (submission(number(1), "<ownershipDocument><a></ownershipDocument>"), "no XML"),
        (submission(number(1), Form4(prologue='<!DOCTYPE a [<!ENTITY b "c">]>').xml()), "DOCTYPE"),
        (submission(number(1), "typed by hand"), "no ownershipDocument"),
        (submission(number(2), Form4().xml()), f"is {number(2)}, not {number(1)}"),
        (Form4().xml().encode(), "is None, not"),
    ],
    ids=["no_owner", "malformed", "doctype", "of_text", "another_filing", "no_submission"],
)
def test_a_filing_that_cannot_be_read_is_refused_under_its_number(text, reason):
    files = insider_files(2)
    files[text_path(1, number(1))] = text
    with a_world(files) as world:
        received = world.insiders()
        assert accessions(received) == [number(2)]
        (row,) = received.refused
        assert row.subject == number(1)
        assert reason in row.reason
        assert row.received["symbol"] == "AAA"
        assert row.received["filed_on"] == "2024-05-01"
        assert received.absence is None


def test_a_row_that_cannot_be_read_is_refused_and_its_filing_stands():
    rows = transaction() + transaction(shares="<value>many</value>")
    with a_world(one_filing(submission(number(1), Form4(rows=rows).xml()))) as world:
        received = world.insiders()
        assert [len(filing.transactions) for filing in received.filings] == [1]
        assert [row.subject for row in received.refused] == [f"{number(1)} row 2"]


def test_a_filing_whose_text_is_not_there_yet_leaves_the_answer_open():
    files = insider_files(3)
    del files[text_path(1, number(2))]
    with a_world(files, now=datetime(2024, 5, 4, 12, 0, tzinfo=UTC)) as world:
        received = world.insiders()
        assert accessions(received) == [number(1), number(3)]
        assert received.absence.kind is AbsenceKind.FAILED
        assert number(2) in received.absence.reason
        assert received.refused == ()


def test_a_filing_whose_text_will_not_come_any_more_is_refused():
    files = insider_files(3)
    del files[text_path(1, number(2))]
    with a_world(files) as world:
        received = world.insiders()
        assert [row.subject for row in received.refused] == [number(2)]
        assert received.absence is None


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"keeps": 0.5}, {"keeps": 0.5, "is_told": False, "is_packed": False}],
    ids=["away", "cut_off", "cut_off_unannounced"],
)
def test_what_came_before_edgar_went_away_is_not_lost(fault):
    with a_world(insider_files(5)) as world:
        world.peer.fail(text_path(1, number(3)), times=3, **fault)
        received = world.insiders()
        assert accessions(received) == [number(1), number(2)]
        assert received.absence.kind is AbsenceKind.FAILED
        assert "2 of 5 filings came" in received.absence.reason
        world.peer.faults.clear()
        again = world.insiders(known=accessions(received))
        assert accessions(again) == [number(3), number(4), number(5)]
        assert again.absence is None


def test_an_edgar_that_is_away_from_the_start_is_an_error():
    with a_world(insider_files(2)) as world:
        world.peer.fail(text_path(1, number(1)), times=3, status=503)
        with pytest.raises(SourceAway, match="503"):
            world.insiders()


def test_a_list_that_cannot_be_read_is_an_error_of_the_data():
    files = insider_files(1)
    files[list_path(1)] = b'{"cik": "1", "filings": 3}'
    with a_world(files) as world, pytest.raises(DataError, match="CIK 0000000001"):
        world.insiders()


def test_a_company_without_a_list_has_no_data():
    files = insider_files(1)
    del files[list_path(1)]
    with a_world(files) as world:
        assert world.insiders().absence.kind is AbsenceKind.NO_DATA


def test_an_unlisted_symbol_is_unknown():
    with a_world(insider_files(1)) as world:
        assert world.insiders("NONE").absence.kind is AbsenceKind.UNKNOWN_SYMBOL


def test_a_company_with_an_empty_list_has_nothing_new(shared_data):
    body = (shared_data / "edgar" / "submissions_CIK0000350001_no_filings.json").read_bytes()
    listed_there = {TICKERS: tickers({"AAA": (350001, "Company Name Three")})}
    with a_world({**listed_there, list_path(350001): body}) as world:
        received = world.insiders()
        assert (received.filings, received.absence) == ((), None)


# Symbol, CIK and accession number; a bare document is given a number and a header.
REAL = {
    "form4_AAPL_0000320193-22-000061.txt": ("AAPL", 320193, None),
    "form4_AAPL_2020-10-09.xml": ("AAPL", 320193, "20201013"),
    "form4_AMZN_0001018724-24-000077.txt": ("AMZN", 1018724, None),
    "form4_ARWR_2025-12-19.xml": ("ARWR", 879407, "20251223"),
    "form4_DKNG_0001104659-25-025206.txt": ("DKNG", 1883685, None),
    "form4_JBLU_0001158463-25-000044.txt": ("JBLU", 1158463, None),
    "form4_PMN_2025-07-25.xml": ("PMN", 1374339, "20250930"),
    "form4_SCWO_2025-04-30.xml": ("SCWO", 933972, "20250502"),
    "form4_SNOW_2022-12-13.xml": ("SNOW", 1640147, "20221214"),
    "form4_WDAY_0001327811-25-000050.txt": ("WDAY", 1327811, None),
}


@pytest.mark.parametrize("name", REAL)
def test_every_real_form_4_comes_through(shared_data, name):
    symbol, cik, filed = REAL[name]
    body = (shared_data / "form4" / name).read_bytes()
    accession = name[: -len(".txt")].split("_")[-1]
    if filed is not None:
        accession = number(1)
        body = submission(accession, body.decode(), filed=filed, accepted=f"{filed}183000")
    day = filed or body.decode().split("FILED AS OF DATE:")[1].split()[0]
    day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    row = (accession, "4", day, f"{day}T18:30:00.000Z")
    files = listed([row], cik=cik, ticker=symbol) | {text_path(cik, accession): body}
    with a_world(files, now=datetime(2026, 3, 1, tzinfo=UTC)) as world:
        received = world.insiders(symbol, start=date(2020, 1, 1))
        assert (received.refused, received.absence) == ((), None)
        (filing,) = received.filings
        assert filing.symbol == symbol
        assert filing.transactions
        assert filing.known_at.date() >= filing.filed_on


def test_a_real_list_of_thousands_gives_the_forms_since_a_day(shared_data):
    body = real(shared_data, "submissions_CIK0000320193_AAPL.json.gz")
    text = (shared_data / "form4" / "form4_AAPL_0000320193-22-000061.txt").read_bytes()
    files = {
        TICKERS: real(shared_data, "company_tickers.json.gz"),
        list_path(320193): body,
        text_path(320193, "0000320193-22-000061"): text,
    }
    recent = json.loads(body)["filings"]["recent"]
    others = set(recent["accessionNumber"]) - {"0000320193-22-000061"}
    with a_world(files) as world:
        received = world.insiders("AAPL", start=date(2022, 5, 1), known=others)
        assert accessions(received) == ["0000320193-22-000061"]
