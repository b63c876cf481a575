"""Statements from a company's real facts, against the figures it printed."""

from __future__ import annotations

import gzip
import json

import pytest

from alpha_oracle.features.joining.statements import known_statements
from tests.unit.features.reference_rows import a_frame, entries_of, facts_of_rows, split

APPLE = {
    "revenue": ("RevenueFromContractWithCustomerExcludingAssessedTax", "SalesRevenueNet"),
    "net_income": ("NetIncomeLoss",),
    "operating_cash_flow": ("NetCashProvidedByUsedInOperatingActivities",),
    "shares_outstanding": ("CommonStockSharesOutstanding",),
}


def apple_facts(shared_data):
    path = shared_data / "edgar" / "companyfacts_CIK0000320193_AAPL.json.gz"
    with gzip.open(path) as stored:
        told_of = json.load(stored)["facts"]["us-gaap"]
    return facts_of_rows(
        ("AAPL", item, row.get("start"), row["end"], row["val"] / 1e6, f"{row['filed']}T21:00")
        for item, concepts in APPLE.items()
        for concept in concepts
        for row in next(iter(told_of.get(concept, {"units": {"none": []}})["units"].values()))
    )


def test_apples_years_are_those_it_reported(shared_data):
    """Millions, as printed in its reports; the year of 2009 was restated in January 2010.

    Trailing sums are of its quarters: 6,004 + 5,987 + 7,308 + 6,623 to September 2011.
    """
    actions = [split("2014-06-09", 7, symbol="AAPL"), split("2020-08-31", 4, symbol="AAPL")]
    frame = a_frame("2009-06-01", "2020-12-31", symbols=("AAPL",), actions=actions)
    entries = dict(entries_of(known_statements(apple_facts(shared_data), frame), frame))
    years = {
        "2009-10-27": (36537.0, 5704.0),
        "2011-10-26": (108249.0, 25922.0),
        "2012-10-31": (156508.0, 41733.0),
        "2015-10-28": (233715.0, 53394.0),
        "2020-10-30": (274515.0, 57411.0),
    }
    for day, expected in years.items():
        values = entries[day]
        assert (values["revenue_ttm"], values["net_income_ttm"]) == expected
    assert entries["2012-10-31"]["operating_cash_flow_ttm"] == 50856.0
    assert entries["2010-01-25"]["net_income_ttm"] == 8235 + 3378 - 2255
    assert entries["2014-10-27"]["shares"] * 7 == pytest.approx(5866.161)
    assert entries["2020-10-30"]["shares"] * 28 == pytest.approx(16976.763)
    assert entries["2020-10-30"]["shares_prior"] * 28 == pytest.approx(4443.236 * 4)
