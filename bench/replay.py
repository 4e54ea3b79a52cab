"""Replays recorded SQL straight on DuckDB: the engine's own time for those statements.

Usage: replay.py STATEMENTS.json DATABASE   where STATEMENTS is [[thread, sql], ...] in the order they were sent. Each recorded
thread gets a connection of its own; statements run one after another, as a run with one thread sends them. Prints the seconds
that were spent inside the engine.
"""
import json
import sys
import time

import duckdb


def main() -> None:
    statements, path = json.load(open(sys.argv[1])), sys.argv[2]
    database = duckdb.connect(path)
    database.execute("set timezone = 'UTC'")
    connections, open_transactions, seconds = {}, set(), 0.0
    for thread, sql in statements:
        connection = connections.setdefault(thread, database.cursor())
        start = time.perf_counter()
        if sql == "BEGIN" and thread in open_transactions:
            connection.execute("ROLLBACK")  # the driver's rollback when a connection is released is not in the log
        connection.execute(sql).fetchall()
        seconds += time.perf_counter() - start
        if sql == "BEGIN":
            open_transactions.add(thread)
        elif sql == "COMMIT":
            open_transactions.discard(thread)
    print(round(seconds, 4))


main()
