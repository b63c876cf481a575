"""Databases of every version of the schema with rows in them, and what they hold."""

from contextlib import closing

from alembic import command

from alpha_oracle.adapters.postgres import migrate
from alpha_oracle.adapters.postgres.engine import open_database, raw_cursor
from tests.integration.postgres.stored_rows import ROWS

TABLES = """
SELECT table_name, array_agg(column_name::text ORDER BY column_name)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version'
GROUP BY table_name ORDER BY table_name
"""

# Everything a schema is, but for the order in which columns were added: none of ours depends on it.
SCHEMA = """
SELECT 'column', table_name, column_name, concat_ws(' ', data_type, is_nullable, column_default,
    collation_name, is_identity, identity_generation, numeric_precision::text)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'view', viewname, '', definition FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', proname, '', pg_get_functiondef(oid)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION ALL
SELECT 'sequence', sequencename, '', data_type::text FROM pg_sequences WHERE schemaname = 'public'
ORDER BY 1, 2, 3, 4
"""


def fill(url, *, through):
    """Bring an empty database to a version of the schema, with the rows it has room for."""
    for version, rows in ROWS.items():
        bring_to(url, version)
        if rows:
            run(url, rows)
        if version == through:
            return


def bring_to(url, version):
    """Bring the schema to a version."""
    with closing(open_database(url)) as database, database.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def run(url, script):
    """Run SQL, whose colons are its own."""
    with (
        closing(open_database(url)) as database,
        database.begin() as connection,
        raw_cursor(connection) as cursor,
    ):
        cursor.execute(script)


def read(url, statement):
    """The rows of a query."""
    with closing(open_database(url)) as database, database.begin() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def columns(url):
    """The columns of each table."""
    return dict(read(url, TABLES))


def held(url, tables):
    """The rows of tables, of the columns named, as texts to the last digit; in one order."""
    return {
        table: sorted(
            str(row)
            for row in read(
                url, f"SELECT {', '.join(f'{name}::text' for name in names)} FROM {table}"
            )
        )
        for table, names in tables.items()
    }


def schema(url):
    """All that a schema consists of."""
    return read(url, SCHEMA)
