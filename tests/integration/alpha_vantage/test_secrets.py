"""The key leaves in the request and nowhere else."""

import io
import logging
import traceback

import pytest
import structlog

from alpha_oracle.errors import AlphaOracleError
from alpha_oracle.telemetry import configure_logging
from tests.integration.alpha_vantage.companies import a_company_world, fundamentals
from tests.integration.alpha_vantage.worlds import KEY, SYMBOLS, a_world
from tests.peers.alpha_vantage.faults import FAULTS
from tests.peers.alpha_vantage.texts import TEXTS
from tests.peers.slack import unused_url

IMPATIENT = {"timeout_seconds": 0.2}
VALUES = {
    "status": 500,
    "body": f'{{"Information": "hello {KEY.lower()}"}}'.encode(),
    "delay": 0.5,
    "huge": 33 * 1024 * 1024,
    "other_symbol": KEY,
}


@pytest.fixture
def logged():
    """All that our log handler writes, the libraries' debug records included."""
    stream = io.StringIO()
    root = logging.getLogger()
    level = root.level
    configure_logging(json=True, level="DEBUG", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.setLevel(level)
    for handler in [one for one in root.handlers if one.get_name() == "alpha_oracle"]:
        root.removeHandler(handler)


def everything_of(error):
    """The texts, arguments and notes of an exception and of all it hangs on to."""
    texts = ["".join(traceback.format_exception(error))]
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        texts += [str(error), repr(error), repr(error.args), repr(getattr(error, "__notes__", ""))]
        error = error.__cause__ or error.__context__
    return "\n".join(texts), seen


@pytest.mark.parametrize("fault", [*TEXTS, *FAULTS])
def test_no_failure_lets_the_key_out(fault, logged):
    with a_world(settings=IMPATIENT) as world:
        world.peer.fail(fault, times=9, value=VALUES.get(fault))
        told = ""
        try:
            received = world.fetch("AAA", "NOSUCH")
            told = repr((received.absent, received.unreadable))
        except AlphaOracleError as error:
            told, seen = everything_of(error)
            assert [type(one).__module__ for one in seen] == ["alpha_oracle.errors"] * len(seen)
        assert KEY.lower() not in told.lower()
        assert KEY.lower() not in logged.getvalue().lower()
        assert KEY.lower() not in repr(vars(world.spool)).lower()


@pytest.mark.parametrize("fault", [*TEXTS, *FAULTS])
def test_no_failure_of_a_companys_statements_lets_the_key_out(fault, logged):
    with a_company_world(settings=IMPATIENT) as world:
        world.peer.fail(fault, times=9, value=VALUES.get(fault))
        told = ""
        try:
            told = repr(fundamentals(world).fetch("AAA", since=None))
        except AlphaOracleError as error:
            told, seen = everything_of(error)
            assert [type(one).__module__ for one in seen] == ["alpha_oracle.errors"] * len(seen)
        assert KEY.lower() not in told.lower()
        assert KEY.lower() not in logged.getvalue().lower()
        assert KEY.lower() not in repr(vars(world.spool)).lower()


def test_a_server_that_is_not_there_does_not_bring_the_key_out(logged):
    with a_world(settings={"base_url": unused_url()}) as world:
        with pytest.raises(AlphaOracleError) as refused:
            world.fetch("AAA")
        told, seen = everything_of(refused.value)
    assert len(seen) == 1
    assert KEY not in told
    assert KEY not in logged.getvalue()


def test_an_echoed_key_is_redacted_where_the_refusal_is_told():
    with a_world() as world:
        world.peer.fail("day_echoes_key")
        with pytest.raises(AlphaOracleError, match=r"detected your API key as \[redacted\] and"):
            world.fetch("AAA")


@pytest.mark.parametrize("key", ["demo", "key/with+odd=signs&more", KEY])
def test_a_key_is_redacted_in_all_its_spellings(key):
    with a_world(settings={"api_key": key}) as world:
        world.peer.fail("never_seen_error")
        with pytest.raises(AlphaOracleError) as refused:
            world.fetch("AAA")
        assert key not in str(refused.value)
        assert "[redacted] went wrong" in str(refused.value)


def test_requests_are_logged_without_the_key(logged):
    with a_world() as world:
        world.fetch(*SYMBOLS)
    assert "/query?function=TIME_SERIES_DAILY_ADJUSTED" in logged.getvalue()
    assert "apikey=[redacted]" in logged.getvalue()
    assert KEY not in logged.getvalue()


def test_neither_the_source_nor_the_package_shows_the_key():
    with a_world() as world:
        source = world.source()
        held = [source, source._answers, source._answers._client]
        assert KEY not in repr(held)
        assert source._answers._client.key != KEY
