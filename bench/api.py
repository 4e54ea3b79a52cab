#!/usr/bin/env python3
"""How long the API takes on a store with a million tasks: bench/api.py STIR FOLDER. Prints p95 in milliseconds by route, as JSON.

The store is written by SQL: 20,000 runs of 76 pipelines in 170 days, 50 tasks each. Then each route is asked 200 times over one
connection, `/health` also while 500 readers follow the events, and a pipeline is triggered 40 times.
"""
import datetime
import http.client
import json
import pathlib
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time

STIR, FOLDER = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
RUNS, TASKS, PIPELINES, ASKED, TRIGGERED, READERS = 20000, 50, 76, 200, 40, 500
ROUTES = {
    "/health": "/health", "/metrics": "/metrics", "pipelines": "/api/v1/pipelines", "grid of 30 runs": "/api/v1/pipelines/p0/grid",
    "runs, newest": "/api/v1/runs", "runs of one pipeline": "/api/v1/runs?pipeline=p7", "failed runs": "/api/v1/runs?state=failed",
    "runs of a type that has none": "/api/v1/runs?type=backfill", "tasks of a run": "/api/v1/runs/15000/tasks",
    "gantt": "/api/v1/runs/15000/gantt",
}


def make_project():
    (FOLDER / "stir").mkdir(parents=True)
    (FOLDER / "dbt_project.yml").write_text('name: shop\nversion: "1.0"\nprofile: shop\n')
    (FOLDER / "profiles.yml").write_text("shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n")
    pipelines = "".join(f"  - {{name: p{i}, schedule: none, tasks: [{{name: t, shell: 'true'}}]}}\n" for i in range(PIPELINES))
    (FOLDER / "stir" / "p.yml").write_text("version: 1\npipelines:\n" + pipelines)
    subprocess.run([STIR, "pipeline", "run", "p0", "--logical-date", "2026-01-01"], cwd=FOLDER, check=True, capture_output=True)


def fill_store():
    store = sqlite3.connect(FOLDER / ".stir" / "state.db")
    begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=170)
    runs, tasks, attempts = [], [], []
    for run in range(1000, 1000 + RUNS):
        date = (begin + datetime.timedelta(minutes=12 * (run - 1000))).strftime("%Y-%m-%dT%H:%M:00.000000Z")
        state = "failed" if run % 50 == 7 else "success"
        runs.append((run, f"p{run % PIPELINES}", "scheduled", date, date, date, state, "{}", "hash", date, date, date))
        for task in range(TASKS):
            number = run * TASKS + task
            tasks.append((number, run, f"task_{task}", task, "shell", "", "{}", "success", 1, date, date))
            attempts.append((number, 1, "success", f"{run}/task_{task}/1.log", date, date))

    def insert(table, columns, rows):
        store.executemany(f"insert into {table} ({columns}) values ({', '.join('?' * len(rows[0]))})", rows)
    insert("runs", "id, pipeline, run_type, logical_date, data_interval_start, data_interval_end, state, params, definition_hash, "
           "created_at, started_at, ended_at", runs)
    insert("tasks", "id, run, name, position, kind, subject, data, state, attempts, started_at, ended_at", tasks)
    insert("attempts", "task, number, state, log_path, started_at, ended_at", attempts)
    store.commit()
    store.close()


def follow(port):
    reader = socket.create_connection(("127.0.0.1", port), timeout=20)
    reader.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    file = reader.makefile("r", encoding="utf-8", newline="\n")
    while file.readline() != "event: hello\n":
        pass
    return reader, file


def p95(samples):
    return sorted(samples)[int(len(samples) * 0.95)] * 1000


def ask(connection, target):
    begun = time.perf_counter()
    connection.request("GET", target)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, target
    return time.perf_counter() - begun


def trigger(connection, number, events):
    begun = time.perf_counter()
    connection.request("POST", f"/api/v1/pipelines/p{number}/runs", "{}", {"Content-Type": "application/json"})
    connection.getresponse().read()
    while events.readline() != "event: TaskStarted\n":
        pass
    took = time.perf_counter() - begun
    while events.readline() != "event: PipelineRunFinished\n":
        pass
    return took


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
    make_project()
    fill_store()
    log = FOLDER / "service.log"
    with open(log, "wb") as out:
        service = subprocess.Popen([STIR, "up", "--listen", "0"], cwd=FOLDER, stdout=out, stderr=subprocess.STDOUT)
    while "service started" not in log.read_text():
        time.sleep(0.05)
    port = int(re.search(r"listening on http://\S+:(\d+)", log.read_text())[1])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = {name: p95([ask(connection, target) for _ in range(ASKED)]) for name, target in ROUTES.items()}
    _, events = follow(port)
    took["trigger to task started"] = p95([trigger(connection, number, events) for number in range(TRIGGERED)])
    readers = [follow(port) for _ in range(READERS)]
    took[f"/health beside {READERS} event streams"] = p95([ask(connection, "/health") for _ in range(ASKED)])
    print(json.dumps(took))
    del readers
    service.send_signal(signal.SIGTERM)
    service.wait(20)


main()
