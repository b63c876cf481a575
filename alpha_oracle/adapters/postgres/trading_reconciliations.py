"""What a reconciliation found, as a script that keeps it once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.postgres.trading_session import WRITE_ANYHOW

if TYPE_CHECKING:
    from alpha_oracle.adapters.postgres.trading_script import Script
    from alpha_oracle.domain.trading_records import Reconciliation

# Told again it writes nothing, and is to be durable all the same.
_KEEP: Final = f"""
{WRITE_ANYHOW};
WITH saved AS (
    INSERT INTO reconciliations (
        account, at, occasion, drift_pct, cash_difference_usd, foreign_orders, strangers
    )
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (account, at, occasion) DO NOTHING
    RETURNING number
)
INSERT INTO reconciliation_mismatches
SELECT saved.number, mismatch.* FROM saved, unnest(
    CAST(%s AS text[]), CAST(%s AS bigint[]), CAST(%s AS bigint[]), CAST(%s AS numeric[])
) AS mismatch
"""


def script_of_reconciliation(found: Reconciliation) -> Script:
    """Return the script that keeps what a reconciliation found."""
    values: list[object] = [
        *(found.account, found.at, found.occasion, found.drift_pct, found.cash_difference_usd),
        *(list(found.foreign_orders), list(found.strangers)),
        [mismatch.symbol for mismatch in found.mismatches],
        [mismatch.book for mismatch in found.mismatches],
        [mismatch.broker for mismatch in found.mismatches],
        [mismatch.price for mismatch in found.mismatches],
    ]
    return _KEEP, values
