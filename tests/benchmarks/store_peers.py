"""The floor and the peers beside which the bar store is timed, on one prepared database."""

from __future__ import annotations

import io
from contextlib import closing

import adbc_driver_postgresql.dbapi as adbc
import numpy as np
import psycopg2
import pyarrow as pa
from psycopg2.extras import execute_values

from alpha_oracle import calendar
from alpha_oracle.domain.bars import BarColumns
from alpha_oracle.domain.market import Symbol
from tests.builders import received

FIELDS = ("open", "high", "low", "close", "volume")
COLUMNS = ("symbol_id", "session", "known_at", *FIELDS, "batch_id")
LIST = ", ".join(COLUMNS)
FILE = "/proc/self/cwd/bars.binary"
"""In the server's data folder, by the server's own name for it: it may write there."""


def a_market(symbols, sessions):
    """Bars of `symbols` over the last `sessions` sessions of the 2010s."""
    count = len(symbols) * len(sessions)
    price = np.random.default_rng(7).uniform(10.0, 500.0, count)
    return BarColumns(
        symbols=tuple(map(Symbol, symbols)),
        symbol_index=np.repeat(np.arange(len(symbols), dtype=np.int32), len(sessions)),
        session=np.tile(np.array(sessions, "datetime64[D]"), len(symbols)),
        open=price,
        high=price * 1.01,
        low=price * 0.99,
        close=price * 1.002,
        volume=np.floor(price * 10_000),
    )


class Bench:
    """A database in prepared states, and the ways others store and read the same bars."""

    def __init__(self, url, bars, store, *, received_at):
        self.url, self.bars = url, bars
        store.store(received(bars), received_at=received_at)
        self.run(
            "CREATE UNLOGGED TABLE all_bars AS SELECT * FROM bars ORDER BY symbol_id, session",
            "CREATE UNLOGGED TABLE all_symbols AS SELECT * FROM symbols",
            f"COPY (SELECT {LIST} FROM all_bars) TO '{FILE}' (FORMAT binary)",
            "VACUUM ANALYZE all_bars",
        )
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT symbol, symbol_id FROM symbols")
            self.symbol_ids = dict(cursor.fetchall())
        self.table = self.arrow(bars)

    def arrow(self, bars):
        """Bars as the Arrow table a peer would be given: numbers for symbols, instants known."""
        ids = np.array([self.symbol_ids[symbol] for symbol in bars.symbols], np.int32)
        closes = {
            day: calendar.session_close(day).replace(tzinfo=None)
            for day in np.unique(bars.session).tolist()
        }
        instants = np.array([closes[day] for day in closes], "datetime64[us]")
        known_at = instants[np.searchsorted(np.array(list(closes), "M8[D]"), bars.session)]
        columns = {"symbol_id": ids[bars.symbol_index], "session": bars.session}
        columns |= {"known_at": pa.array(known_at, pa.timestamp("us", "UTC"))}
        columns |= {name: getattr(bars, name) for name in FIELDS}
        return pa.table({**columns, "batch_id": np.ones(len(bars), np.int32)})

    def run(self, *statements):
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def hold(self, which):
        """Bring the table to hold the bars of a condition, everything else settled."""
        self.run("TRUNCATE bars, bar_revisions, symbols, bar_batches RESTART IDENTITY")
        if which != "false":
            self.run(
                "INSERT INTO symbols (symbol) SELECT symbol FROM all_symbols ORDER BY symbol_id",
                "INSERT INTO bar_batches (source, basis, stored_at) VALUES ('files', 'raw', now())",
                f"INSERT INTO bars SELECT * FROM all_bars WHERE {which}",
            )
        self.run("ANALYZE bars", "CHECKPOINT")

    def server_copy(self):
        self.run(f"COPY bars ({LIST}) FROM '{FILE}' (FORMAT binary)")

    def adbc_upsert(self):
        with adbc.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE staged (LIKE bars)")
            cursor.adbc_ingest("staged", self.table, mode="append", temporary=True)
            cursor.execute(
                f"INSERT INTO bars ({LIST}) SELECT {LIST} FROM staged ON CONFLICT DO NOTHING"
            )
            connection.commit()

    def adbc_read(self, order=""):
        with adbc.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT symbol_id, session, {', '.join(FIELDS)}, batch_id FROM bars {order}"
            )
            table = cursor.fetch_arrow_table()
            return [table.column(number).to_numpy() for number in range(table.num_columns)]


class PlainDay:
    """A day's bars by the plain ways, on a connection that is open."""

    def __init__(self, connection, table):
        self.connection = connection
        self.rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def execute_values(self):
        with self.connection, self.connection.cursor() as cursor:
            execute_values(
                cursor,
                f"INSERT INTO bars ({LIST}) VALUES %s ON CONFLICT DO NOTHING",
                self.rows,
                page_size=1000,
            )

    def unnested_arrays(self):
        types = ("integer", "date", "timestamptz", *["float8"] * 5, "integer")
        arrays = ", ".join(f"%s::{name}[]" for name in types)
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO bars ({LIST}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING",
                [list(column) for column in zip(*self.rows, strict=True)],
            )

    def copied_text(self):
        lines = "".join("\t".join(map(str, row)) + "\n" for row in self.rows)
        with self.connection, self.connection.cursor() as cursor:
            cursor.copy_expert(f"COPY bars ({LIST}) FROM STDIN", io.StringIO(lines))
