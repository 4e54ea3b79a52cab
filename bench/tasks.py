#!/usr/bin/env python3
"""What a process task costs: bench/tasks.py STIR FOLDER. Prints the measurements as JSON.

A hop is from one task of a chain to the next. The floor of a hop is a process and two commits to SQLite, from Python. The CPU time is of all
processes: those that outlive their parents are reaped here. A run is killed half way and begun again by the same command.
"""
import ctypes
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

STIR, FOLDER = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
HOPS, WIDE, STEPS = 200, 400, 8
PR_SET_CHILD_SUBREAPER = 36


def pipeline(tasks, sections=""):
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "stir").mkdir(parents=True)
    (FOLDER / "dbt_project.yml").write_text('name: shop\nversion: "1.0"\nprofile: shop\n')
    (FOLDER / "profiles.yml").write_text("shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n")
    (FOLDER / "stir/p.yml").write_text(f"version: 1\n{sections}pipelines:\n  - name: p\n    schedule: none\n    tasks:\n{tasks}")


def chain(count, command):
    pipeline("".join(f"      - {{name: t{i}, shell: '{command}'{f', needs: [t{i - 1}]' if i else ''}}}\n" for i in range(count)))


def start():
    return subprocess.Popen([STIR, "--quiet", "pipeline", "run", "p", "--logical-date", "2026-01-01"], cwd=FOLDER, stdout=subprocess.DEVNULL)


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run():
    """Seconds, and CPU seconds of everything that was started."""
    begun, before = time.monotonic(), cpu()
    if start().wait() != 0:
        sys.exit("the run failed")
    seconds = time.monotonic() - begun
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return seconds, cpu() - before


def floor():
    store = sqlite3.connect(FOLDER / "floor.db", isolation_level=None)
    store.execute("pragma journal_mode = wal")
    store.execute("pragma synchronous = normal")
    store.execute("create table task (id integer primary key, state text)")
    begun = time.monotonic()
    for i in range(HOPS):
        store.execute("insert into task values (?, 'running')", (i,))
        os.waitpid(os.posix_spawn("/bin/sh", ["/bin/sh", "-c", "true"], os.environ), 0)
        store.execute("update task set state = 'success' where id = ?", (i,))
    return (time.monotonic() - begun) / HOPS


def killed_half_way():
    undisturbed, _ = run()
    shutil.rmtree(FOLDER / ".stir")
    begun = time.monotonic()
    first = start()
    time.sleep(undisturbed / 2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    if start().wait() != 0:
        sys.exit("the run that was killed failed")
    return time.monotonic() - begun, undisturbed


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    found = []
    def add(what, ours, floor, unit, goal, note=""):
        found.append({"what": what, "ours": ours, "floor": floor, "unit": unit, "goal": goal, "note": note})
    chain(1, "true")
    run()
    one, _ = run()
    chain(HOPS, "true")
    run()
    many, _ = run()
    add("a hop", (many - one) / (HOPS - 1) * 1e3, floor() * 1e3, "ms", "<= 5 ms", "floor: a process and two commits")
    for at_once in (2, 32):
        pipeline(f"      - {{name: t, for_each: '{{{{ range({WIDE}) | list }}}}', shell: 'true', pool: few}}\n", f"pools: {{few: {at_once}}}\n")
        seconds, used = run()
        add(f"{at_once} at once", WIDE / (seconds - one), None, "/s", ">= 400 /s")
        add(f"{at_once} at once, CPU a task", used / WIDE * 1e3, None, "ms", "<= 2.5 ms")
    chain(STEPS, "sleep 1")
    add("a run that is killed half way", *killed_half_way(), "s", "<= 1.1x", "floor: undisturbed")
    print(json.dumps(found))


main()
