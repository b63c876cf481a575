from dataclasses import replace

import pytest

from alpha_oracle.adapters.ibkr.contracts import (
    Company,
    Missing,
    choose,
    doubt,
    vendor_ticker,
)
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.requests import Listing

AMD = Company(
    con_id=4391,
    symbol="AMD",
    name="ADVANCED MICRO DEVICES",
    kind="COMMON",
    exchange="NASDAQ",
    currency="USD",
    security_type="STK",
)
AMD_ABROAD = replace(AMD, con_id=32596680, exchange="EBS")
AMD_RIGHTS = replace(AMD, con_id=5, kind="RIGHT", name="AMD RIGHTS")
AMD_EUROS = replace(AMD, con_id=172603743, currency="EUR", exchange="IBIS")
AMD_OPTION = replace(AMD, con_id=6, security_type="OPT")


def test_a_dotted_ticker_has_a_space_at_ibkr():
    assert vendor_ticker("BRK.B") == "BRK B"
    assert replace(AMD, symbol="BRK B").ticker == "BRK.B"


def test_a_company_without_a_ticker_we_can_write_has_none():
    assert replace(AMD, symbol="A B C").ticker is None


@pytest.mark.parametrize(
    "companies",
    [
        pytest.param([AMD], id="one"),
        pytest.param([AMD, AMD], id="the same twice"),
        pytest.param([AMD_ABROAD, AMD], id="another listed abroad"),
        pytest.param([AMD_RIGHTS, AMD], id="its rights"),
        pytest.param([AMD_EUROS, AMD], id="its shares in euros"),
        pytest.param([AMD_OPTION, AMD], id="an option"),
        pytest.param([replace(AMD, kind="ETF")], id="a fund alone"),
        pytest.param([replace(AMD, exchange="PINK")], id="one delisted, traded over the counter"),
        pytest.param([replace(AMD, con_id=8, symbol="AMDS"), AMD], id="one of another ticker"),
    ],
)
def test_the_one_company_meant_is_chosen(companies):
    assert choose("AMD", companies).con_id == AMD.con_id


@pytest.mark.parametrize(
    ("companies", "kind", "named"),
    [
        pytest.param([AMD_EUROS], AbsenceKind.UNKNOWN_SYMBOL, "IBIS in EUR", id="only in euros"),
        pytest.param([], AbsenceKind.UNKNOWN_SYMBOL, "nothing", id="nothing at all"),
        pytest.param(
            [AMD, replace(AMD, con_id=9, name="OTHER")], AbsenceKind.REFUSED, "OTHER", id="two here"
        ),
        pytest.param(
            [AMD_ABROAD, replace(AMD_ABROAD, con_id=9)],
            AbsenceKind.UNKNOWN_SYMBOL,
            "EBS in USD",
            id="two abroad",
        ),
        pytest.param(
            [replace(AMD_ABROAD, name="ANOTHER")],
            AbsenceKind.UNKNOWN_SYMBOL,
            "ANOTHER on EBS in USD",
            id="one abroad, in dollars",
        ),
        pytest.param(
            [replace(AMD, symbol="AMDS")], AbsenceKind.UNKNOWN_SYMBOL, "AMDS", id="another ticker"
        ),
    ],
)
def test_no_company_is_guessed(companies, kind, named):
    missing = choose("AMD", companies)
    assert isinstance(missing, Missing)
    assert missing.kind is kind
    assert named in missing.reason


def test_a_ticker_never_seen_is_believed():
    assert doubt("AMD", AMD, None) is None


def test_the_company_known_is_believed():
    assert doubt("AMD", AMD, Listing(vendor_id="4391", name="WHATEVER")) is None


def test_a_company_with_a_new_number_is_told_by_its_name():
    assert doubt("AMD", AMD, Listing(vendor_id="1", name="Advanced Micro-Devices")) is None


def test_another_company_under_a_ticker_is_doubted_by_name():
    missing = doubt("AMD", AMD, Listing(vendor_id="1", name="ACME"))
    assert missing.kind is AbsenceKind.UNKNOWN_SYMBOL
    assert "another company trades as AMD now: ADVANCED MICRO DEVICES" in missing.reason
    assert "ACME (contract 1)" in missing.reason
