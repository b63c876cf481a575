"""Documents in EDGAR's shapes, of companies that are not."""

import json
from dataclasses import dataclass


def tickers(companies):
    """The list of tickers: `{"AAA": (1, "Company of AAA")}`."""
    rows = [
        {"cik_str": cik, "ticker": ticker, "title": name}
        for ticker, (cik, name) in companies.items()
    ]
    return json.dumps({str(number): row for number, row in enumerate(rows)}).encode()


def columns(rows):
    """Rows of `(accession, form, filed, accepted)` as the columns of a list of filings."""
    names = ("accessionNumber", "form", "filingDate", "acceptanceDateTime")
    values = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: list(column) for name, column in zip(names, values, strict=True)}


def submissions(cik, rows, *, older=()):
    """The first page of a list of filings; `older` are `(name, from, to)`."""
    pages = [{"name": name, "filingFrom": start, "filingTo": end} for name, start, end in older]
    filings = {"recent": columns(rows), "files": pages}
    return json.dumps({"cik": str(cik), "name": "A Company", "filings": filings}).encode()


def figure(accn, value, *, end, start=None, form="10-Q", filed="2024-05-02"):
    """A row of company facts."""
    period = {"end": end} if start is None else {"start": start, "end": end}
    about = {"fy": 2024, "fp": "Q1", "form": form, "filed": filed}
    return {**period, "val": value, "accn": accn, **about}


def company_facts(cik, us_gaap, *, dei=None, unit="USD"):
    """Company facts: rows by concept; those named ...SharesOutstanding are in shares."""

    def taxonomy(concepts):
        return {
            name: {"units": {"shares" if "SharesOutstanding" in name else unit: rows}}
            for name, rows in concepts.items()
        }

    facts = {"us-gaap": taxonomy(us_gaap), "dei": taxonomy(dei or {})}
    return json.dumps({"cik": cik, "entityName": "A Company", "facts": facts}).encode()


@dataclass(frozen=True, kw_only=True)
class Form4:
    """An ownership document; what is not said is an officer's plain sale."""

    issuer: int = 1
    ticker: str = "AAA"
    form: str = "4"
    period: str = "2024-05-01"
    owners: tuple[str, ...] = ("1001",)
    flags: str = "<isOfficer>1</isOfficer>"
    original: str = ""
    planned: str = "<aff10b5One>0</aff10b5One>"
    rows: str = ""
    derivative: str = ""
    signed: str = "2024-05-02"
    prologue: str = '<?xml version="1.0"?>'

    def xml(self):
        """The document as text."""
        original = (
            self.original
            and f"<dateOfOriginalSubmission>{self.original}</dateOfOriginalSubmission>"
        )
        return f"""{self.prologue}
<ownershipDocument>
 <schemaVersion>X0508</schemaVersion>
 <documentType>{self.form}</documentType>
 <periodOfReport>{self.period}</periodOfReport>
 {original}
 <issuer><issuerCik>{self.issuer:010d}</issuerCik><issuerName>A Company</issuerName>
  <issuerTradingSymbol>{self.ticker}</issuerTradingSymbol></issuer>
 {"".join(self._owner(cik) for cik in self.owners)}
 {self.planned}
 <nonDerivativeTable>{self.rows or transaction()}</nonDerivativeTable>
 <derivativeTable>{self.derivative}</derivativeTable>
 <ownerSignature><signatureName>/s/ Somebody</signatureName>
  <signatureDate>{self.signed}</signatureDate></ownerSignature>
</ownershipDocument>"""

    def _owner(self, cik):
        return f"""<reportingOwner>
  <reportingOwnerId><rptOwnerCik>{cik}</rptOwnerCik><rptOwnerName>Owner {cik}</rptOwnerName>
  </reportingOwnerId>
  <reportingOwnerRelationship>{self.flags}<officerTitle>CFO</officerTitle>
  </reportingOwnerRelationship></reportingOwner>"""


def transaction(
    *,
    kind="nonDerivativeTransaction",
    day="2024-05-01",
    code="S",
    shares="<value>100</value>",
    price="<value>12.5</value>",
    side="D",
    after="<value>900</value>",
    nature="D",
):
    """A row of an ownership document's tables."""
    return f"""<{kind}>
  <securityTitle><value>Common Stock</value></securityTitle>
  <transactionDate><value>{day}</value></transactionDate>
  <transactionCoding><transactionFormType>4</transactionFormType>
   <transactionCode>{code}</transactionCode></transactionCoding>
  <transactionAmounts><transactionShares>{shares}</transactionShares>
   <transactionPricePerShare>{price}</transactionPricePerShare>
   <transactionAcquiredDisposedCode><value>{side}</value></transactionAcquiredDisposedCode>
  </transactionAmounts>
  <postTransactionAmounts><sharesOwnedFollowingTransaction>{after}
  </sharesOwnedFollowingTransaction></postTransactionAmounts>
  <ownershipNature><directOrIndirectOwnership><value>{nature}</value></directOrIndirectOwnership>
  </ownershipNature></{kind}>"""


HOLDING = """<nonDerivativeHolding><securityTitle><value>Common Stock</value></securityTitle>
 <postTransactionAmounts><sharesOwnedFollowingTransaction><value>5000</value>
 </sharesOwnedFollowingTransaction></postTransactionAmounts></nonDerivativeHolding>"""


def submission(accession, xml, *, accepted="20240502183000", filed="20240502", form="4"):
    """A whole submission with a header of lines."""
    return f"""<SEC-DOCUMENT>{accession}.txt : {filed}
<SEC-HEADER>{accession}.hdr.sgml : {filed}
<ACCEPTANCE-DATETIME>{accepted}
ACCESSION NUMBER:\t\t{accession}
CONFORMED SUBMISSION TYPE:\t{form}
FILED AS OF DATE:\t\t{filed}
</SEC-HEADER>
<DOCUMENT>
<TYPE>{form}
<TEXT>
<XML>
{xml}
</XML>
</TEXT>
</DOCUMENT>
</SEC-DOCUMENT>
""".encode()


def feed_submission(accession, xml, *, accepted="20240502183000", filed="20240502", form="4"):
    """A whole submission as the feed of a day has it: a header of tags."""
    return f"""<SUBMISSION>
<ACCESSION-NUMBER>{accession}
<TYPE>{form}
<PUBLIC-DOCUMENT-COUNT>1
<FILING-DATE>{filed}
<ACCEPTANCE-DATETIME>{accepted}
<DOCUMENT>
<TYPE>{form}
<TEXT>
<XML>
{xml}
</XML>
</TEXT>
</DOCUMENT>
</SUBMISSION>
""".encode()


def mail_submission(accession, xml, **header):
    """A whole submission within a wrapper of privacy-enhanced mail."""
    return (
        b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----\nProc-Type: 2001,MIC-CLEAR\n\n"
        + submission(accession, xml, **header)
        + b"-----END PRIVACY-ENHANCED MESSAGE-----\n"
    )
