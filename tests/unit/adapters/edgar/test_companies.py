import gzip
import json

import pytest

from alpha_oracle.adapters.edgar.companies import Company, edgar_ticker, read_tickers
from alpha_oracle.errors import DataError, SourceAway
from tests.peers.edgar.documents import tickers


def test_the_real_list_names_companies_by_ticker(shared_data):
    companies = read_tickers(
        gzip.decompress((shared_data / "edgar" / "company_tickers.json.gz").read_bytes())
    )
    assert len(companies) == 9610
    assert companies["AAPL"] == Company(cik="0000320193", name="Apple Inc.")
    assert companies[edgar_ticker("BRK.B")].cik == "0001067983"


def test_rows_that_name_no_company_are_passed_over():
    rows = json.loads(tickers({"AAA": (1, "A Company")}))
    rows |= {"8": None, "9": {"cik_str": "x", "ticker": "BBB"}, "10": {"cik_str": 3, "ticker": ""}}
    assert set(read_tickers(json.dumps(rows).encode())) == {"AAA"}


def test_of_two_companies_with_one_ticker_the_first_counts():
    body = (
        b'{"0":{"cik_str":1,"ticker":"A","title":"x"},"1":{"cik_str":2,"ticker":"a","title":"y"}}'
    )
    assert read_tickers(body)["A"].cik == "0000000001"


def test_a_list_without_companies_is_refused():
    with pytest.raises(DataError, match="names no company"):
        read_tickers(b"{}")


def test_a_list_that_is_cut_off_is_asked_for_again():
    with pytest.raises(SourceAway, match="broke off"):
        read_tickers(tickers({"AAA": (1, "A Company")})[:20])
