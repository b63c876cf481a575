import gzip
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from alpha_oracle.adapters.postgres.facts import PostgresFacts
from alpha_oracle.domain.fundamentals import ITEMS, FinancialFact, StatementItem
from tests.contracts.reference_stores import a_fact, assert_same_facts, day, rows_of, told
from tests.fakes.facts import InMemoryFacts

LATE = datetime(2099, 1, 1, tzinfo=UTC)
CONCEPTS = {
    "NetIncomeLoss": StatementItem.NET_INCOME,
    "Assets": StatementItem.TOTAL_ASSETS,
    "GrossProfit": StatementItem.GROSS_PROFIT,
}


@pytest.fixture
def facts(database):
    return PostgresFacts(database)


documents = st.sampled_from(["a", "b", "c", "d"])
instants = st.integers(1, 6).map(day)
a_told_fact = st.builds(
    a_fact,
    st.sampled_from([1.0, 2.0, 3.0]),
    documents,
    known_at=instants,
    item=st.sampled_from([StatementItem.REVENUE, StatementItem.CASH]),
)
a_call = st.tuples(
    st.lists(
        a_told_fact, min_size=1, max_size=6, unique_by=lambda fact: (fact.document, fact.item)
    ),
    st.sampled_from(["edgar", "edgar", "files"]),
    st.integers(1, 9).map(day),
)


@given(calls=st.lists(a_call, min_size=1, max_size=6))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)
def test_whatever_comes_in_whatever_order_reads_as_the_definition_says(database, calls):
    forget(database)
    stored, model = PostgresFacts(database), InMemoryFacts()
    for batch, source, at in calls:
        report = stored.store(batch, source=source, received_at=at)
        assert report == model.store(batch, source=source, received_at=at)
    whole = stored.load(as_of=LATE)
    for number in range(11):
        cut = stored.load(as_of=day(number))
        assert_same_facts(cut, model.load(as_of=day(number)))
        assert rows_of(cut) == [row for row in rows_of(whole) if row[1] <= day(number)]


@given(
    batch=st.lists(
        a_told_fact,
        min_size=2,
        max_size=8,
        unique_by=(lambda fact: (fact.document, fact.item),),
    ),
    turned=st.randoms(use_true_random=False),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
)
def test_documents_read_the_same_in_whatever_order_they_came(database, batch, turned):
    forget(database)
    stored = PostgresFacts(database)
    stored.store(batch, source="edgar", received_at=day(9))
    first = stored.load(as_of=LATE)
    forget(database)
    shuffled = list(batch)
    turned.shuffle(shuffled)
    for number, fact in enumerate(shuffled):
        stored.store([fact], source="edgar", received_at=day(9 + number))
    assert_same_facts(stored.load(as_of=LATE), first)


def forget(database):
    tables = ("facts", "fact_corrections", "fact_documents", "fact_origins", "fact_figures")
    with database.begin() as connection:
        connection.exec_driver_sql(";".join(f"DELETE FROM {table}" for table in tables))


def real_facts(path):
    """Some concepts of real company facts, known from the end of the day they were filed."""
    document = json.loads(gzip.decompress(path.read_bytes()))
    return [
        FinancialFact(
            symbol="AAPL",
            item=item,
            period_start=date.fromisoformat(row["start"]) if "start" in row else None,
            period_end=date.fromisoformat(row["end"]),
            value=float(row["val"]),
            known_at=datetime.fromisoformat(row["filed"]).replace(hour=23, tzinfo=UTC),
            document=row["accn"],
        )
        for concept, item in CONCEPTS.items()
        for row in document["facts"]["us-gaap"][concept]["units"]["USD"]
    ]


def test_real_company_facts_come_back_with_their_revisions(facts, shared_data):
    real = real_facts(shared_data / "edgar" / "companyfacts_CIK0000320193_AAPL.json.gz")
    model = InMemoryFacts()
    for part in (real[1::2], real[::2]):
        for store in (facts, model):
            store.store(part, source="edgar", received_at=day(9999))
    for year in (2010, 2015, 2099):
        as_of = datetime(year, 6, 1, tzinfo=UTC)
        assert_same_facts(facts.load(as_of=as_of), model.load(as_of=as_of))
    income = [row for row in rows_of(facts.load(as_of=LATE)) if row[2] is StatementItem.NET_INCOME]
    periods = {(row[3], row[4]) for row in income}
    assert len(income) > len(periods)


def test_every_item_and_the_ends_of_time_can_be_kept(facts):
    told_all = [a_fact(float(number), item=item) for number, item in enumerate(ITEMS)]
    ancient = a_fact(
        1.0, symbol="B", period_start=date.min, period_end=date(1, 1, 2), known_at=day(1)
    )
    facts.store([*told_all, ancient], source="edgar", received_at=day(20))
    kept = rows_of(facts.load(as_of=LATE))
    assert [(row[2], row[5]) for row in kept[:-1]] == [
        (item, float(number)) for number, item in enumerate(ITEMS)
    ]
    assert kept[-1][3:5] == (date(1, 1, 2), date.min)


def test_an_instant_keeps_its_microseconds(facts):
    exact = day(10) + timedelta(microseconds=1)
    facts.store([a_fact(1.0, known_at=exact)], source="edgar", received_at=day(20))
    assert [row[1] for row in rows_of(facts.load(as_of=exact))] == [exact]


def test_a_document_named_alike_but_filed_at_other_instants_is_each(facts):
    one = a_fact(1.0, "simfin.csv")
    other = a_fact(
        2.0,
        "simfin.csv",
        known_at=day(40),
        period_start=date(2014, 1, 1),
        period_end=date(2014, 12, 31),
    )
    for _ in range(2):
        facts.store([one, other], source="files", received_at=day(50))
    assert told(facts.load(as_of=LATE)) == [(10, 1.0), (40, 2.0)]


def test_what_was_told_can_be_read_as_rows(facts, rows):
    facts.store(
        [a_fact(1.0), a_fact(7.0, item=StatementItem.CASH)], source="edgar", received_at=day(20)
    )
    facts.store([a_fact(2.0)], source="edgar", received_at=day(30))
    assert rows("SELECT * FROM told_facts ORDER BY item, revision") == [
        ("A", "edgar", "cash", None, date(2015, 12, 31), "10-K", day(10), 0, 7.0, day(10), day(20)),
        (
            *("A", "edgar", "revenue", date(2015, 1, 1), date(2015, 12, 31), "10-K", day(10)),
            *(0, 1.0, day(10), day(20)),
        ),
        (
            *("A", "edgar", "revenue", date(2015, 1, 1), date(2015, 12, 31), "10-K", day(10)),
            *(1, 2.0, day(30), day(30)),
        ),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO facts VALUES ('NaN', now(), 1, 1, 1)",
        "INSERT INTO facts VALUES ('infinity', now(), 1, 1, 1)",
        "INSERT INTO fact_corrections VALUES (1, now(), 1, 1, 1, now(), 0)",
        "INSERT INTO fact_figures (item, period_end, period_start) VALUES ('x', now(), now())",
    ],
    ids=["NaN", "infinity", "a correction that is none", "a period without length"],
)
def test_what_is_no_fact_is_refused_by_the_tables(database, statement):
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.exec_driver_sql(statement)


def test_an_item_that_this_package_does_not_know_is_told(facts, database):
    facts.store([a_fact(1.0)], source="edgar", received_at=day(20))
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE fact_figures SET item = 'goodwill'")
    with pytest.raises(ValueError, match="an item are stored that this package does not know"):
        facts.load(as_of=LATE)
