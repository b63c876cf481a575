from collections import defaultdict
from urllib.parse import parse_qsl, urlsplit

import pytest

from alpha_oracle.adapters.alpha_vantage.client import AlphaVantageClient, Question, query_url
from alpha_oracle.adapters.alpha_vantage.statement_questions import (
    Statement,
    StatementQuestion,
    StatementRequests,
)
from alpha_oracle.config import AlphaVantageSettings
from alpha_oracle.errors import ConfigurationError

KEY = "K3YWITH16LETTERS"


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://www.alphavantage.co", "https://www.alphavantage.co/query"),
        ("https://www.alphavantage.co/", "https://www.alphavantage.co/query"),
        ("https://www.alphavantage.co/query", "https://www.alphavantage.co/query"),
        ("https://www.alphavantage.co/query?", "https://www.alphavantage.co/query"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/query"),
        ("http://proxy.local/vendors/av/", "http://proxy.local/vendors/av/query"),
    ],
)
def test_a_base_url_may_end_with_the_query_path_or_before_it(base_url, url):
    assert query_url(base_url) == url


@pytest.mark.parametrize(
    "base_url",
    [
        "www.alphavantage.co",
        "ftp://www.alphavantage.co",
        "https://",
        "",
        "http://127.0.0.1:99999",
        "http://[::1",
        "https://user:hunter2@www.alphavantage.co",
        "https://www.alphavantage.co/query?apikey=hunter2",
    ],
)
def test_a_base_url_that_is_no_plain_address_is_refused_unsaid(base_url):
    with pytest.raises(ConfigurationError, match=r"data\.alpha_vantage\.base_url") as refused:
        query_url(base_url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("key", [None, "", "   "])
def test_a_missing_key_names_its_setting(key):
    with pytest.raises(ConfigurationError, match=r"data\.alpha_vantage\.api_key") as refused:
        AlphaVantageClient(AlphaVantageSettings(api_key=key))
    assert "ALPHA_ORACLE_DATA__ALPHA_VANTAGE__API_KEY" in str(refused.value)


@pytest.mark.parametrize("key", ["12", "20160606", "?!"])
def test_what_cannot_be_a_key_is_refused_unsaid(key):
    with pytest.raises(ConfigurationError, match="holds no key") as refused:
        AlphaVantageClient(AlphaVantageSettings(api_key=key))
    assert key not in str(refused.value)


def test_an_account_is_the_same_for_the_same_key_and_tells_nothing_of_it():
    first = AlphaVantageClient(AlphaVantageSettings(api_key=KEY)).account
    again = AlphaVantageClient(AlphaVantageSettings(api_key=f" {KEY} ")).account
    other = AlphaVantageClient(AlphaVantageSettings(api_key=f"{KEY}2")).account
    assert first == again != other
    assert first.startswith("alpha_vantage:")
    assert KEY.lower() not in first.lower()


def test_class_shares_are_asked_for_with_a_hyphen():
    question = Question(symbol="BRK.B", adjusted=True, full=False)
    assert question.ticker == "BRK-B"
    assert question.name == "TIME_SERIES_DAILY_ADJUSTED BRK.B compact"


def test_a_question_about_a_company_goes_by_its_function_and_symbol():
    question = StatementQuestion(symbol="BRK.B", statement=Statement.BALANCE_SHEET)
    assert question.ticker == "BRK-B"
    assert question.name == "BALANCE_SHEET BRK.B"


def test_the_package_composes_a_request_of_each_function_and_gives_the_whole_answer():
    sent = []

    def exchange(url):
        sent.append(url)
        return defaultdict(lambda: b"the whole answer")

    requests = StatementRequests(key="unused", exchange=exchange)
    for statement in Statement:
        question = StatementQuestion(symbol="BRK.B", statement=statement)
        assert requests.ask(question) == b"the whole answer"
    queries = [dict(parse_qsl(urlsplit(url).query)) for url in sent]
    assert [query["function"] for query in queries] == [
        "EARNINGS",
        "INCOME_STATEMENT",
        "BALANCE_SHEET",
        "CASH_FLOW",
        "OVERVIEW",
    ]
    assert {query["symbol"] for query in queries} == {"BRK-B"}
