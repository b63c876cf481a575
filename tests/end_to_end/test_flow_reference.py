"""What is known beside bars: brought up to date before the features, absent where it is absent."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from alpha_oracle.features import registry
from flows.daily_pipeline import daily_pipeline
from flows.refresh_alternative import refresh_alternative
from flows.refresh_fundamentals import refresh_fundamentals
from tests.end_to_end.command_line import ask
from tests.end_to_end.killed import begin_refresh_in_new_process
from tests.end_to_end.vendors import table_of, wait_until
from tests.end_to_end.worlds import SYMBOLS, WHATEVER_THERE_IS, artifacts_of
from tests.peers.edgar import documents
from tests.peers.edgar.server import edgar

FAMILIES = ("fundamentals", "insiders", "short interest", "volatility", "benchmark")
THREADS = 4
"""So many requests are on their way to EDGAR at once."""

GROUPS = {"technical", "fundamental", "cross_asset", "alternative"}


@pytest.fixture
def full_world(worlds, home):
    """An installation on the generated market, with all that it knows beside bars."""
    with worlds(home, **WHATEVER_THERE_IS) as world:
        yield world


def rows_of(state):
    """What became of each family, as the artifact shows it."""
    return {row["family"]: row for row in table_of(artifacts_of(state)["reference-data"])}


def count(world, table):
    [[rows]] = world.rows(f"SELECT count(*) FROM {table}")
    return rows


def test_a_run_brings_every_family_up_to_date_before_its_features(full_world):
    state = daily_pipeline(return_state=True)
    assert state.is_completed(), state.message
    rows = rows_of(state)
    assert tuple(rows) == FAMILIES
    assert {row["ended by"] for row in rows.values()} == {"-"}
    assert all(row["answered"] == row["asked"] > 0 for row in rows.values())
    facts = full_world.run_record()[2]
    assert [fact for fact in facts if fact.startswith("without")] == ["without sectors"]
    assert facts["without sectors"].startswith("no sectors stored")
    assert facts["short interest"].startswith("synthetic answered")
    known = dict(one.rsplit(" ", 2)[:2] for one in facts["known on the session"].split(", "))
    assert float(known["technical"]) > 90
    assert float(known["fundamental"]) > 40
    assert float(known["cross asset"]) > 40
    for table in ("facts", "ownership_filings", "short_interest", "index_levels"):
        assert count(full_world, table) > 0, table


def test_what_is_stored_is_not_stored_again_by_a_second_run(full_world):
    daily_pipeline()
    tables = ("facts", "ownership_filings", "short_interest", "index_levels", "bars")
    before = {table: count(full_world, table) for table in tables}
    full_world.rows("UPDATE runs SET status = 'failed'")
    daily_pipeline()
    assert {table: count(full_world, table) for table in tables} == before


def test_a_forced_run_asks_nobody(full_world):
    daily_pipeline()
    state = daily_pipeline(force=True, return_state=True)
    assert state.is_completed(), state.message
    assert {row["source"] for row in rows_of(state).values()} == {"nobody"}


def test_features_of_a_family_without_data_are_null_with_the_reason_and_the_run_goes_on(
    world, tmp_path
):
    state = daily_pipeline(return_state=True)
    assert state.is_completed(), state.message
    reason = world.run_record()[2]["without fundamentals"]
    assert "set data.reference.fundamentals, or `import fundamentals`" in reason
    catalogue = {row["name"]: row for row in ask("features", "list", "--json").document}
    assert {row["group"] for row in catalogue.values()} == GROUPS
    assert catalogue["rsi_14"]["unknown_because"] is None
    assert "no statements stored" in catalogue["pe_ttm"]["unknown_because"]
    out = tmp_path / "features.parquet"
    day = "2019-11-29"
    assert ask("features", "export", "--start", day, "--end", day, "--out", out).code == 0
    table = pq.read_table(out)
    assert np.isnan(table["pe_ttm"].to_numpy()).all()
    assert np.isfinite(table["rsi_14"].to_numpy()).all()
    assert table.column_names[2:] == [feature.name for feature in registry.all()]


@pytest.mark.parametrize(
    ("changes", "family", "told"),
    [
        (
            {"DATA__REFERENCE__FUNDAMENTALS": "edgar"},
            "fundamentals",
            "data.edgar.user_agent (ALPHA_ORACLE_DATA__EDGAR__USER_AGENT)",
        ),
        (
            {
                "DATA__REFERENCE__VOLATILITY": "cboe",
                "DATA__CBOE__BASE_URL": "http://127.0.0.1:9",
            },
            "volatility",
            "data.cboe.base_url",
        ),
        (
            {"DATA__REFERENCE__FUNDAMENTALS": "alpha_vantage"},
            "fundamentals",
            "data.alpha_vantage.api_key",
        ),
    ],
    ids=["nobody named to EDGAR", "Cboe away", "no key of Alpha Vantage"],
)
def test_a_source_that_cannot_be_asked_is_told_and_the_run_goes_on(
    worlds, home, changes, family, told
):
    with worlds(home, **changes) as world:
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        assert told in rows_of(state)[family]["ended by"]
        assert told in world.run_record()[2][family]
        assert world.signals() != []


def by_edgar(url):
    return {
        "DATA__REFERENCE__FUNDAMENTALS": "edgar",
        "DATA__REFERENCE__INSIDERS": "edgar",
        "DATA__EDGAR__USER_AGENT": "Test Desk desk@example.com",
        "DATA__EDGAR__BASE_URL": url,
        "DATA__EDGAR__DATA_URL": url,
    }


def an_edgar(symbols=SYMBOLS):
    """What EDGAR has of the generated companies: one quarterly report and one Form 4 each."""
    files = {
        "/files/company_tickers.json": documents.tickers(
            {symbol: (number, f"Company {symbol}") for number, symbol in enumerate(symbols, 1)}
        )
    }
    for number in range(1, len(symbols) + 1):
        cik, report, form = f"{number:010d}", f"{number:010d}-19-000001", f"{number:010d}-19-000002"
        rows = [
            (form, "4", "2019-11-26", "2019-11-26T22:10:00.000Z"),
            (report, "10-Q", "2019-10-30", "2019-10-30T23:05:00.000Z"),
        ]
        files[f"/submissions/CIK{cik}.json"] = documents.submissions(number, rows)
        assets = documents.figure(report, 1e9 * number, end="2019-09-30", filed="2019-10-30")
        files[f"/api/xbrl/companyfacts/CIK{cik}.json"] = documents.company_facts(
            number, {"Assets": [assets]}
        )
        path = f"/Archives/edgar/data/{number}/{form.replace('-', '')}/{form}.txt"
        files[path] = documents.submission(
            form,
            documents.Form4(
                issuer=number,
                ticker=symbols[number - 1],
                period="2019-11-25",
                signed="2019-11-26",
                rows=documents.transaction(day="2019-11-25"),
            ).xml(),
        )
    return files


def asked_for(peer, part):
    return [asked.path for asked in peer.asked if part in asked.path]


def test_edgar_is_asked_for_what_was_filed_since(worlds, home):
    with edgar(an_edgar()) as peer, worlds(home, **by_edgar(peer.url)) as world:
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        rows = rows_of(state)
        assert (rows["fundamentals"]["new"], rows["insiders"]["new"]) == (20, 20)
        assert len(asked_for(peer, "companyfacts")) == 20
        peer.asked.clear()
        world.rows("UPDATE runs SET status = 'failed'")
        rows = rows_of(daily_pipeline(return_state=True))
        assert (rows["fundamentals"]["answered"], rows["fundamentals"]["new"]) == (20, 0)
        assert asked_for(peer, "companyfacts") == []
        assert asked_for(peer, "Archives") == []


def test_a_full_refresh_that_was_killed_goes_on_where_it_was(worlds, home, prefect_url):
    with edgar(an_edgar()) as peer, worlds(home, **by_edgar(peer.url)) as world:
        for cik in range(13, len(SYMBOLS) + 1):
            peer.hold(f"companyfacts/CIK{cik:010d}")
        run = begin_refresh_in_new_process(world.environment, prefect_url)
        # All that are answered are stored, and each thread waits for one that is not.
        wait_until(lambda: count(world, "reference_fetches") >= 12 and peer.waiting == THREADS)
        assert run.kill() != 0
        peer.let_go()
        world.await_the_killed()
        done = count(world, "reference_fetches")
        assert done < len(SYMBOLS)
        before = len(asked_for(peer, "companyfacts"))
        report = refresh_fundamentals()
        assert (report.asked, report.ended_by) == (len(SYMBOLS) - done, "")
        assert len(asked_for(peer, "companyfacts")) - before == len(SYMBOLS) - done
        # What was in flight when it was killed, one a thread, is paid for twice and stored once.
        assert before - done == THREADS
        assert count(world, "facts") == len(SYMBOLS)


def test_the_other_families_are_refreshed_in_full_by_a_flow_of_their_own(full_world):
    reports = {report.family.value: report for report in refresh_alternative()}
    assert set(reports) == {"insiders", "short_interest", "volatility"}
    assert all(report.stored > 0 and not report.ended_by for report in reports.values())
    again = {report.family.value: report for report in refresh_alternative()}
    assert (again["insiders"].asked, again["short_interest"].asked) == (0, 0)
    assert again["volatility"].stored == 0
    statements = refresh_fundamentals()
    assert (statements.answered, statements.ended_by) == (20, "")


def test_the_verbs_tell_what_there_is_and_what_to_do(full_world):
    before = {row["family"]: row for row in ask("reference", "status", "--json").document}
    assert before["volatility"]["stored"] is False
    assert "`reference alternative`" in before["volatility"]["what_to_do"]
    refresh_alternative(symbols=["SYN001"])
    after = {row["family"]: row for row in ask("reference", "status", "--json").document}
    assert after["volatility"] == {
        "family": "volatility",
        "source": "synthetic",
        "answered": 1,
        "stored": True,
        "what_to_do": None,
    }
