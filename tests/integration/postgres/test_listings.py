"""What a person may read of listings beyond the contract: every company a ticker ever had."""

from alpha_oracle.adapters.postgres.listings import PostgresListings
from alpha_oracle.domain.requests import Listing


def test_every_company_a_ticker_had_stays_on_record_with_when_it_was_seen(database, rows):
    listings = PostgresListings(database)
    for vendor_id in ("13", "265598", "13"):
        listings.record("ibkr", {"FB": Listing(vendor_id=vendor_id, name="A COMPANY")})

    assert rows(
        "SELECT vendor_id, first_seen < last_seen FROM vendor_listings ORDER BY last_seen"
    ) == [("265598", False), ("13", True)]
