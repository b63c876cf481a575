"""A local EDGAR, who asks it, and what remembers: everything the sources need, in memory."""

import gzip
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from alpha_oracle.adapters.edgar.edgar import Edgar
from alpha_oracle.adapters.edgar.fundamentals import EdgarFundamentals
from alpha_oracle.adapters.edgar.insiders import EdgarInsiders
from alpha_oracle.config import EdgarSettings
from tests.fakes.clock import FixedClock
from tests.fakes.requests import InMemoryListings, InMemoryRequestLedger
from tests.peers.edgar.documents import Form4, submission, submissions, tickers
from tests.peers.edgar.server import EdgarPeer, edgar

E_MAIL = "someone@example.com"
USER_AGENT = f"Sample Company {E_MAIL}"
NOW = datetime(2024, 6, 3, 21, 0, tzinfo=UTC)
START = date(2024, 1, 1)
TICKERS = "/files/company_tickers.json"


@dataclass
class World:
    """`waits` are the seconds waited; the clock moves with them."""

    peer: EdgarPeer
    settings: EdgarSettings
    clock: FixedClock
    ledger: InMemoryRequestLedger
    listings: InMemoryListings = field(default_factory=InMemoryListings)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self):
        self.edgar = self.another()

    def wait(self, seconds):
        self.waits.append(seconds)
        self.clock.advance(seconds=seconds)

    def another(self):
        """EDGAR as a new process would open it."""
        return Edgar(
            self.settings,
            ledger=self.ledger,
            listings=self.listings,
            clock=self.clock,
            wait=self.wait,
        )

    def facts(self, symbol="AAA", *, since=None):
        return EdgarFundamentals(self.edgar).fetch(symbol, since=since)

    def insiders(self, symbol="AAA", *, start=START, known=()):
        return EdgarInsiders(self.edgar).fetch(symbol, start=start, known=known)


@contextmanager
def a_world(files=None, *, now=NOW, user_agent=USER_AGENT, timeout_seconds=60.0, **peer):
    """Serve an EDGAR and open it."""
    with edgar(files, **peer) as served:
        clock = FixedClock(now)
        settings = EdgarSettings(
            user_agent=user_agent,
            base_url=served.url,
            data_url=served.url,
            timeout_seconds=timeout_seconds,
        )
        yield World(
            peer=served, settings=settings, clock=clock, ledger=InMemoryRequestLedger(clock)
        )


def list_path(cik):
    return f"/submissions/CIK{cik:010d}.json"


def facts_path(cik):
    return f"/api/xbrl/companyfacts/CIK{cik:010d}.json"


def text_path(cik, accession):
    return f"/Archives/edgar/data/{cik}/{accession.replace('-', '')}/{accession}.txt"


def number(count, *, year=24):
    """The accession number of the filing so many."""
    return f"0000000001-{year:02d}-{count:06d}"


def insider_files(count, *, cik=1, **form):
    """A company with so many Forms 4, each on a day of May."""
    rows, files = [], {}
    for one in range(1, count + 1):
        day = f"2024-05-{one:02d}"
        rows.append((number(one), "4", day, f"{day}T22:30:00.000Z"))
        text = submission(
            number(one),
            Form4(issuer=cik, **form).xml(),
            filed=day.replace("-", ""),
            accepted=f"{day.replace('-', '')}183000",
        )
        files[text_path(cik, number(one))] = text
    listed = {TICKERS: tickers({"AAA": (cik, "A Company")})}
    return {**listed, list_path(cik): submissions(cik, rows), **files}


def real(folder, name):
    """A real document of EDGAR's, unpacked."""
    return gzip.decompress((folder / "edgar" / name).read_bytes())
