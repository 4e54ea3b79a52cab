"""Replays recorded SQL straight on DuckDB, one connection a recorded thread: the engine's own time for those statements.

Usage: replay.py STATEMENTS.json DATABASE   where STATEMENTS is [[thread, sql], ...] in the order they were sent. The threads
run at the same time; a statement that needs another thread's table waits until it is there, as the recorded run did.
Prints the seconds that the busiest connection spent inside the engine.
"""
import json
import sys
import threading
import time

import duckdb

STATEMENTS, DATABASE = sys.argv[1], sys.argv[2]


def main() -> None:
    by_thread = {}
    for thread, sql in json.load(open(STATEMENTS)):
        by_thread.setdefault(thread, []).append(sql)
    database = duckdb.connect(DATABASE)
    database.execute("set timezone = 'UTC'")
    busy = {}

    def work(thread: str) -> None:
        connection, seconds = database.cursor(), 0.0
        for sql in by_thread[thread]:
            deadline = time.monotonic() + 60
            while True:
                start = time.perf_counter()
                try:
                    connection.execute(sql).fetchall()
                    seconds += time.perf_counter() - start
                    break
                except duckdb.CatalogException:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.001)
        busy[thread] = seconds

    workers = [threading.Thread(target=work, args=(thread,)) for thread in by_thread]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    print(round(max(busy.values()), 4))


main()
