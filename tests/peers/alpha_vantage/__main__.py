"""The local Alpha Vantage in a process of its own: it outlives a client that is killed.

    python -m tests.peers.alpha_vantage --bars BARS.csv --port-file PORT --log REQUESTS.jsonl

`BARS.csv` (or `.parquet`) holds symbol, date, open, high, low, close, volume and, where there are
any, split and dividend. The log gets one JSON object a request, without the key.
"""

import argparse
import sys
from pathlib import Path

from tests.peers.alpha_vantage.series import read_table
from tests.peers.alpha_vantage.server import AlphaVantagePeer, Plan, serve


def main():
    parser = argparse.ArgumentParser(description="a local Alpha Vantage")
    parser.add_argument("--bars", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path, help="where the port is written; else stdout")
    parser.add_argument("--log", type=Path, help="where requests are written")
    parser.add_argument("--through", help="the newest day published")
    parser.add_argument("--key", help="the only key known")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--free", action="store_true")
    parser.add_argument("--per-minute", type=int)
    parser.add_argument("--per-day", type=int)
    given = parser.parse_args()
    peer = AlphaVantagePeer(
        read_table(given.bars),
        plan=Plan(premium=not given.free, per_minute=given.per_minute, per_day=given.per_day),
        through=given.through,
        keys=frozenset({given.key}) if given.key else None,
        log=given.log,
        delay_seconds=given.delay,
    )
    server = serve(peer, port=given.port)
    if given.port_file is None:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
    else:
        # Renamed into place, so that a reader never sees half a number.
        half = given.port_file.with_suffix(".half")
        half.write_text(str(server.server_port))
        half.rename(given.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
