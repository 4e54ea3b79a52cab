#!/usr/bin/env python3
"""Python's Jinja2 beside stir's: jinja_bench.py FOLDER CONTEXT.json SECONDS renders every template of the folder, compiled and
warm, for about so long, and prints {"name": {"seconds": of one render, "output": its text}}. With --context it prints the
context that all templates get."""
import json
import pathlib
import statistics
import sys
import time


def context():
    cities = [("Berlin", 10115), ("Lisbon", 1100), ("Porto", 4000), ("Lyon", 69001)]
    users = [{"name": f"User {i}", "active": i % 3 != 0, "score": i * 37 % 101, "tags": ["a", f"t{i % 5}"], "contact": {"mail": f"user{i}@example.com"},
              "address": {"city": dict(zip(("name", "zip"), cities[i % 4])), "country": {"code": ("de", "pt", "pt", "fr")[i % 4]}},
              "orders": [{"id": i * 10 + k, "item": {"name": f"item {k}", "price": {"amount": k * 7.5, "currency": "EUR"}}} for k in range(4)]} for i in range(60)]
    columns = [{"name": f"column_{i}", "type": ("integer", "text", "numeric(18, 2)", "date")[i % 4], "strict": i % 3 != 0, "fallback": "0" if i % 5 == 0 else None} for i in range(20)]
    return {"users": users, "columns": columns, "relations": [f"relation_{i}" for i in range(8)], "key": "payment_method", "measure": "amount",
            "names": [f"Method Number {i}" for i in range(40)]}


def best(body, seconds):
    """Seconds of one call: the median of rounds that take about a twentieth of the time each."""
    body()
    start = time.perf_counter()
    body()
    once = max(time.perf_counter() - start, 1e-9)
    count = max(int(seconds / 20 / once), 1)
    rounds = []
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(count):
            body()
        rounds.append((time.perf_counter() - start) / count)
    return statistics.median(rounds)


def main():
    if sys.argv[1] == "--context":
        return json.dump(context(), sys.stdout)
    import jinja2
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    values = json.loads(pathlib.Path(sys.argv[2]).read_text())
    results = {}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jinja")):
        template = environment.from_string(path.read_text())
        results[path.stem] = {"seconds": best(lambda: template.render(values), float(sys.argv[3])), "output": template.render(values)}
    json.dump(results, sys.stdout)


main()
