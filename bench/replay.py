"""Replays recorded SQL straight on DuckDB: the engine's own time for those statements, on as many threads as they were sent on.

Usage: replay.py RECORD.json DATABASE THREADS   where RECORD is {"before": [sql, ...], "nodes": {name: {"sql": [...], "after":
[name, ...]}}, "after": [sql, ...]}: what belongs to no node and came first, the nodes with those that they wait for, the rest.
A node's statements run one after another on one connection; nodes run as soon as what they wait for is done. Prints the
seconds and the CPU seconds that this took.
"""
import json
import queue
import sys
import threading
import time

import duckdb


def send(connection, statements):
    began = False
    for sql in statements:
        if sql == "BEGIN" and began:
            connection.execute("ROLLBACK")  # the driver's, when a connection is released: it is not in the log
        connection.execute(sql).fetchall()
        began = sql == "BEGIN" or (began and sql not in ("COMMIT", "ROLLBACK"))
    if began:
        connection.execute("ROLLBACK")


class Nodes:
    """Which nodes may start; thread safe."""

    def __init__(self, nodes):
        self.nodes, self.lock, self.ready = nodes, threading.Lock(), queue.SimpleQueue()
        self.left = len(nodes)
        self.waits = {name: len(node["after"]) for name, node in nodes.items()}
        self.frees = {name: [] for name in nodes}
        for name, node in nodes.items():
            for parent in node["after"]:
                self.frees[parent].append(name)
            if not node["after"]:
                self.ready.put(name)

    def done(self, name, threads):
        with self.lock:
            self.left -= 1
            freed = []
            for child in self.frees[name]:
                self.waits[child] -= 1
                if self.waits[child] == 0:
                    freed.append(child)
        for each in freed if self.left else [None] * threads:
            self.ready.put(each)


def work(connection, nodes, threads, failures):
    try:
        while (name := nodes.ready.get()) is not None:
            send(connection, nodes.nodes[name]["sql"])
            nodes.done(name, threads)
    except Exception as failure:  # a thread's error ends the replay
        failures.append(failure)
        for _ in range(threads):
            nodes.ready.put(None)


def main() -> None:
    record, path, threads = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3])
    database = duckdb.connect(path)
    database.execute("set timezone = 'UTC'")
    nodes, failures = Nodes(record["nodes"]), []
    cursors = [database.cursor() for _ in range(threads)]
    workers = [threading.Thread(target=work, args=(cursor, nodes, threads, failures)) for cursor in cursors]
    start, cpu = time.perf_counter(), time.process_time()
    send(database, record["before"])
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    send(database, record["after"])
    for each in (*cursors, database):
        each.close()  # the last one writes what is still in the log into the file
    print(round(time.perf_counter() - start, 4), round(time.process_time() - cpu, 4))


main()
