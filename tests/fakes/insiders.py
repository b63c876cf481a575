"""Ownership filings in memory, held to the same suite as the store on Postgres."""

from dataclasses import replace

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.reference import Family
from tests.fakes.fetch_log import InMemoryFetchLog


class InMemoryInsiders:
    """Keeps filings by symbol and accession; `log` knows which were refused."""

    def __init__(self, log=None):
        self.log = log or InMemoryFetchLog()
        self.filings = {}

    def store(self, filings, *, source, received_at):
        given = {}
        for filing in filings:
            given.setdefault((filing.symbol, filing.accession), filing)
        new = given.keys() - self.filings.keys()
        self.filings.update({key: given[key] for key in new})
        return StoreReport(inserted=len(new), unchanged=len(given) - len(new), corrected=0)

    def accessions(self, symbol):
        refused = {row.subject for row in self.log.refused(Family.INSIDERS)}
        return frozenset(refused | {number for of, number in self.filings if of == symbol})

    def load(self, *, as_of, symbols=None, codes=None):
        known = [
            filing if codes is None else _with_codes(filing, codes)
            for filing in self.filings.values()
            if filing.known_at <= as_of and (symbols is None or filing.symbol in symbols)
        ]
        if codes is not None:
            known = [one for one in known if one.transactions or one.is_amendment]
        return tuple(sorted(known, key=lambda one: (one.symbol, one.known_at, one.accession)))


def _with_codes(filing, codes):
    kept = tuple(one for one in filing.transactions if one.code in codes)
    return replace(filing, transactions=kept)
