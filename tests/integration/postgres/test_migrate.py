from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date

import pytest
from alembic import command

from alpha_oracle.adapters.postgres import migrate, timescale
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import UPGRADE_LOCK, current_and_head, upgrade
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.postgres.timescale import ServerTraits
from alpha_oracle.errors import ConfigurationError
from tests.contracts.reference_stores import a_sector, day


def run(url, *statements):
    database = open_database(url)
    with database.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    database.close()


def test_an_empty_database_is_brought_to_the_newest_schema(empty_database_url):
    current, head = current_and_head(empty_database_url)
    assert current is None

    assert upgrade(empty_database_url) == head
    assert current_and_head(empty_database_url) == (head, head)


def test_upgrading_again_changes_nothing(database_url, rows):
    run(database_url, "INSERT INTO symbols (symbol) VALUES ('A')")

    upgrade(database_url)

    assert rows("SELECT symbol FROM symbols") == [("A",)]


def upgraded_to(url, version):
    """Bring the schema to an earlier version."""
    with closing(open_database(url)) as database, database.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def read(url, statement):
    with closing(open_database(url)) as database, database.begin() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def test_bars_stored_before_reasons_were_kept_have_none(empty_database_url):
    upgraded_to(empty_database_url, "0002_records")
    run(
        empty_database_url,
        "INSERT INTO symbols (symbol) VALUES ('A')",
        "INSERT INTO bar_batches (source, basis, stored_at) VALUES ('files', 'raw', now())",
        "INSERT INTO bars VALUES (1, '2016-01-04', now(), 1, 1, 1, 1, 1, 1)",
    )
    upgrade(empty_database_url)
    newest = read(empty_database_url, "SELECT symbol, source, reason FROM newest_bars")
    assert newest == [("A", "files", "")]


def test_sectors_stored_before_their_changes_were_kept_count_from_their_own_day(
    empty_database_url,
):
    upgraded_to(empty_database_url, "0003_vendors")
    run(
        empty_database_url,
        "INSERT INTO sectors VALUES ('A', 'Technology', NULL, '2018-09-24', now()),"
        " ('A', 'Communication', '2018-09-24', NULL, now()), ('B', 'Energy', NULL, NULL, now())",
        "INSERT INTO index_members (symbol, start_session, imported_at)"
        " VALUES ('A', '2016-01-04', now())",
    )
    upgrade(empty_database_url)
    with closing(open_database(empty_database_url)) as database:
        reference = PostgresReference(database)
        kept = [
            a_sector("Technology", end="2018-09-24"),
            a_sector("Communication", "2018-09-24"),
            a_sector("Energy", symbol="B"),
        ]
        assert reference.sector_assignments(as_of=day(1)) == kept
        assert reference.sector_assignments() == kept
        assert reference.save_sectors([a_sector("Materials", symbol="B")], at=day(200)) == 1
        assert reference.sector_assignments(as_of=day(199)) == kept
        assert reference.members(date(2016, 1, 4)) == ("A",)


def test_runs_recorded_before_there_were_models_had_none(empty_database_url):
    upgraded_to(empty_database_url, "0005_walk_forward")
    run(
        empty_database_url,
        "INSERT INTO runs VALUES ('2016-06-01', '{}', '2016-06-01 21:00+00', '{\"a\": 1.0}',"
        " 'done', NULL, '{\"signals\": 3}', 1, now(), now(), now())",
        "INSERT INTO runs VALUES ('2016-06-01', '{A,B}', '2016-06-01 22:00+00', '{}',"
        " 'failed', 'x', NULL, 2, now(), now(), now())",
    )
    upgrade(empty_database_url)
    with closing(open_database(empty_database_url)) as database:
        runs = PostgresRuns(database)
        whole = runs.record(date(2016, 6, 1))
        assert (whole.model_id, whole.settings) == (None, {"a": 1.0})
        assert runs.record(date(2016, 6, 1), ("A", "B")).model_id is None
        again = runs.begin(
            date(2016, 6, 1), as_of=day(1), settings={}, at=day(1), model_id="2016-05-29-aaaaaaaa"
        )
        assert (again.model_id, again.as_of) == (None, whole.as_of)
        assert PostgresModels(database).models() == []


def test_several_may_upgrade_at_once(empty_database_url):
    with ThreadPoolExecutor(max_workers=4) as threads:
        heads = set(threads.map(upgrade, [empty_database_url] * 4))

    assert heads == {current_and_head(empty_database_url)[1]}


def test_a_schema_newer_than_the_package_is_refused(database_url):
    run(database_url, "UPDATE alembic_version SET version_num = '9999_tomorrow'")

    with pytest.raises(ConfigurationError, match="install the newest"):
        upgrade(database_url)


def traits(**changes):
    plain = {"installed": False, "available": False, "preloaded": False, "licence": ""}
    return ServerTraits(**{**plain, **changes})


def test_the_extension_is_created_only_where_its_library_is_preloaded():
    assert traits(available=True, preloaded=True).can_install
    assert not traits(available=True).can_install
    assert not traits(available=True, preloaded=True, installed=True).can_install
    assert not traits().can_install


@pytest.mark.parametrize(
    ("licence", "may"), [("timescale", True), ("apache", False)], ids=["community", "Apache"]
)
def test_old_chunks_are_compressed_only_where_licensed(licence, may):
    assert traits(installed=True, licence=licence).may_compress is may
    assert not traits(licence=licence).may_compress


def test_a_server_that_refuses_all_of_it_keeps_the_plain_table(database, rows):
    timescale.convert(database, traits(installed=True, licence="timescale"), lock=UPGRADE_LOCK)

    assert rows("SELECT count(*) FROM bars") == [(0,)]


# The signatures of TimescaleDB 2.27, doing nothing but noting that they were called.
STAND_INS = """
CREATE TABLE calls (hypertable text, dimension text, migrated boolean);
CREATE SCHEMA timescaledb_information;
CREATE VIEW timescaledb_information.hypertables AS
SELECT 'public' AS hypertable_schema, hypertable AS hypertable_name, false AS compression_enabled
FROM calls;
CREATE FUNCTION by_range(
    column_name name, partition_interval anyelement = NULL::bigint, partition_func regproc = NULL
) RETURNS text LANGUAGE sql AS $$ SELECT column_name || ' by ' || partition_interval $$;
CREATE FUNCTION create_hypertable(
    relation regclass, dimension text, create_default_indexes boolean = true,
    if_not_exists boolean = false, migrate_data boolean = false
) RETURNS void LANGUAGE sql AS
$$ INSERT INTO calls VALUES (relation::text, dimension, migrate_data) $$;
"""


def test_an_extension_installed_later_is_taken_up_once(database, database_url, rows):
    run(database_url, STAND_INS)

    for _ in range(2):
        timescale.convert(database, traits(installed=True, licence="timescale"), lock=UPGRADE_LOCK)

    assert rows("SELECT * FROM calls") == [("bars", "session by 365 days", True)]
