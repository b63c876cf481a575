import pytest

from alpha_oracle.adapters.ibkr.codes import Verdict, in_words, judge
from tests.peers.tws import notices


@pytest.mark.parametrize(
    ("notice", "verdict"),
    [
        pytest.param(notices.no_data("AAPL", "Trades"), Verdict.NO_DATA, id="162 no data"),
        pytest.param(notices.PACING, Verdict.LATER, id="162 pacing"),
        pytest.param(notices.NO_PERMISSION, Verdict.REFUSED, id="162 permissions"),
        pytest.param(notices.TRADING_ELSEWHERE, Verdict.LATER, id="162 elsewhere"),
        pytest.param(notices.cancelled(7), Verdict.LATER, id="162 cancelled"),
        pytest.param(notices.REAL_TIME_PACING, Verdict.LATER, id="420"),
        pytest.param(notices.too_fast(51, 1), Verdict.LATER, id="100"),
        pytest.param(notices.TOO_MANY_HISTORICAL, Verdict.LATER, id="322 too many"),
        pytest.param(notices.UNKNOWN_CONTRACT, Verdict.UNKNOWN_SYMBOL, id="200"),
        pytest.param(notices.ambiguous("AAPL"), Verdict.FAILED, id="200 ambiguous"),
        pytest.param(notices.NOT_SUBSCRIBED, Verdict.REFUSED, id="354"),
        pytest.param(notices.invalid("something"), Verdict.FAILED, id="321"),
        pytest.param(notices.WRONG_DATE, Verdict.FAILED, id="10314"),
        pytest.param(notices.UNKNOWN_MESSAGE, Verdict.FAILED, id="505"),
    ],
)
def test_what_the_gateway_says_has_a_meaning(notice, verdict):
    assert judge(notice.code, notice.text) is verdict


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (162, "Etwas anderes", Verdict.FAILED),
        (162, "HMDS QUERY RETURNED NO DATA", Verdict.NO_DATA),
        (162, "HMDS server disconnect occurred.  Attempting reconnection...", Verdict.LATER),
        (162, "No historical market data for X/STK@SMART Last 1d", Verdict.NO_DATA),
        (162, "No market data permissions for ISLAND STK. No data.", Verdict.REFUSED),
        (200, "Kein Wertpapier gefunden", Verdict.UNKNOWN_SYMBOL),
        (203, "The security is not available or allowed for this account.", Verdict.REFUSED),
        (322, "Error processing request.", Verdict.FAILED),
        (504, "Not connected", Verdict.LATER),
        (10197, "No market data during competing live session", Verdict.LATER),
        (99999, "no data", Verdict.FAILED),
    ],
)
def test_few_words_tell_and_what_nobody_knows_is_a_failure(code, text, verdict):
    assert judge(code, text) is verdict


def test_a_reason_is_one_short_line_with_its_code():
    reason = in_words(321, "Error validating\nrequest " + "x" * 1000)
    assert reason.startswith("IBKR error 321: Error validating request xxx")
    assert len(reason) < 400


@pytest.mark.parametrize("account", ["U1234567", "DU1234567", "DF7654321", "F1234567", "DI123456"])
def test_a_reason_never_holds_an_account_number(account):
    assert account not in in_words(321, f"Invalid account code '{account}', {account}.")
    assert "[account]" in in_words(321, account)
