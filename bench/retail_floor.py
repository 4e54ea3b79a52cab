"""The retail day given straight to DuckDB: the floor that `stir pipeline run daily_sales` is measured against.

Reads the drops of examples/retail, casts and splits them, keeps the newest version of each sale, merges by key, builds the
models, runs the checks, writes the serving file and the partitioned Parquet and reads both back: the same end state and the same
checks as the pipeline, written as a person with a DuckDB shell would, over as many connections. Usage: retail_floor.py PROJECT WORKDIR THREADS
Prints one JSON line: seconds, peak RSS in MB, and the end state.
"""
import json
import os
import resource
import shutil
import sys
import threading
import time

import duckdb

PROJECT, WORK, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
DROP = f"{PROJECT}/data/drop"
DAYS = ["2026-11-18", "2026-11-19"]
TYPES = {
    "sale_id": "bigint", "store_id": "integer", "product_id": "integer", "customer_id": "integer", "sold_at": "timestamp",
    "quantity": "integer", "unit_price": "decimal(12,2)", "discount": "decimal(12,2)", "tax": "decimal(12,2)",
    "total_amount": "decimal(14,2)", "status": "varchar", "is_deleted": "boolean", "updated_at": "timestamp",
}
FORMATS = {"us_east": "parquet", "us_west": "csv", "europe": "jsonl", "apac": "parquet"}


def source(region: str, day: str) -> str:
    path = f"{DROP}/{region}/{day}/*.{FORMATS[region]}"
    if FORMATS[region] == "parquet":
        return f"(select * from read_parquet('{path}', union_by_name = true))"
    if FORMATS[region] == "csv":
        return f"(select * from read_csv('{path}', all_varchar = true, header = true))"
    fields = ", ".join(f"json_extract_string(line, '$.{c}') as {c}" for c in TYPES)
    return (f"(select {fields}, line as raw_line from (select case when json_valid(line) then line end as line from "
            f"read_csv('{path}', header = false, columns = {{'line': 'varchar'}}, delim = E'\\x01', quote = '', escape = '')))")


def load(connection, region: str, day: str) -> None:
    extra = ", loyalty_tier" if region == "apac" and day == DAYS[1] else ""
    stage, table = f"stage_{region}", f"sales.{region}"
    if FORMATS[region] == "parquet":
        casts = ", ".join(f"{c}::{t} as {c}" for c, t in TYPES.items()) + extra
        bad = "false"
    else:
        casts = ", ".join(f"try_cast({c} as {t}) as {c}" for c, t in TYPES.items())
        bad = " or ".join(f"({c} is not null and try_cast({c} as {t}) is null)" for c, t in TYPES.items())
        if FORMATS[region] == "jsonl":
            bad = f"raw_line is null or {bad}"
    connection.execute(f"create or replace temp table {stage} as select {casts}, {bad} as bad from {source(region, day)}")
    columns = ", ".join(TYPES) + extra
    connection.execute("begin")
    connection.execute(f"create table if not exists {table} as select {columns}, now() as loaded_at from {stage} limit 0")
    if extra:
        connection.execute(f"alter table {table} add column if not exists loyalty_tier varchar")
    connection.execute(f"create table if not exists {table}__quarantine as select * from {stage} limit 0")
    names = ", ".join(TYPES) + ", bad"
    connection.execute(f"insert into {table}__quarantine ({names}) select {names} from {stage} where bad")
    connection.execute(
        f"create or replace temp table {stage}_new as select {columns} from {stage} where not bad and status = 'completed' and not is_deleted "
        f"qualify row_number() over (partition by sale_id order by updated_at desc) = 1")
    connection.execute(f"delete from {table} where sale_id in (select sale_id from {stage}_new)")
    connection.execute(f"insert into {table} by name select {columns}, now() as loaded_at from {stage}_new")
    connection.execute("commit")


def in_parallel(database, jobs) -> None:
    queue, lock = list(jobs), threading.Lock()

    def work():
        connection = database.cursor()
        while True:
            with lock:
                if not queue:
                    return
                job = queue.pop(0)
            job(connection)

    workers = [threading.Thread(target=work) for _ in range(THREADS)]
    [w.start() for w in workers]
    [w.join() for w in workers]


CHECKED = """(select *, case
    when sale_id is null or store_id is null or sold_at is null then 'missing a required value'
    when quantity is null or quantity <= 0 then 'quantity not positive'
    when unit_price is null or unit_price <= 0 then 'price not positive'
    when total_amount < 0.5 * quantity * unit_price or total_amount > 2 * quantity * unit_price then 'total out of range' end as reject_reason
    from stg_sales)"""

FACT = """sale_id, region, store_id, product_id, customer_id, sold_at, sale_date, quantity, unit_price, discount, tax, total_amount,
    total_amount - tax as net_amount, updated_at, loaded_at"""


def models(connection) -> None:
    present = [r[0] for r in connection.execute("select table_name from duckdb_tables() where schema_name = 'sales' and table_name not like '%quarantine'").fetchall()]
    connection.execute("create or replace view stg_sales as " + " union all ".join(
        f"select '{r}' as region, sale_id, store_id, product_id, customer_id, sold_at, sold_at::date as sale_date, quantity, unit_price, "
        f"coalesce(discount, 0) as discount, coalesce(tax, 0) as tax, total_amount, updated_at, loaded_at from sales.{r}" for r in present))
    for seed in ("stores", "products"):
        connection.execute(f"create or replace table {seed} as select * from read_csv('{PROJECT}/seeds/{seed}.csv')")
    exists = connection.execute("select count(*) from duckdb_tables() where table_name = 'fct_sales'").fetchone()[0]
    if not exists:
        connection.execute(f"create table fct_sales as select {FACT} from {CHECKED} where reject_reason is null")
    else:
        connection.execute(f"create or replace temp table fct_new as select {FACT} from {CHECKED} where reject_reason is null and loaded_at > (select max(loaded_at) from fct_sales)")
        connection.execute("begin")
        connection.execute("delete from fct_sales where sale_id in (select sale_id from fct_new)")
        connection.execute("insert into fct_sales select * from fct_new")
        connection.execute("commit")
    connection.execute(f"create or replace table sales_rejected as select region, sale_date, reject_reason, sale_id, store_id, sold_at, quantity, unit_price, total_amount from {CHECKED} where reject_reason is not null")


MARTS = [
    """create or replace table revenue_by_day as select sale_date, region, count(*) as sales, sum(quantity) as items, sum(total_amount) as revenue from fct_sales group by all""",
    """create or replace table top_products as select p.product_id, p.product, p.category, sum(s.quantity) as items, sum(s.total_amount) as revenue from fct_sales s join products p using (product_id) group by all""",
    """create or replace table store_performance as select st.store_id, st.store, st.region, count(*) as sales, sum(s.total_amount) as revenue, count(distinct s.customer_id) as customers from fct_sales s join stores st using (store_id) group by all""",
    """create or replace table gate_measures as select sale_date, count(*) as rows_today, count(*) filter (customer_id is null or product_id is null) / count(*) as null_ratio from fct_sales group by sale_date""",
]
CHECKS = [
    "select count(*) from (select sale_id from fct_sales where sale_id is not null group by sale_id having count(*) > 1)",
    "select count(*) from fct_sales where sale_id is null",
    "select count(*) from fct_sales where store_id is null",
    "select count(*) from fct_sales where sale_date is null",
    "select count(*) from (select region from fct_sales group by region) where region not in ('us_east', 'us_west', 'europe', 'apac')",
    "select count(*) from fct_sales s left join stores st using (store_id) where st.store_id is null",
    "select count(*) from fct_sales where updated_at < sold_at",
]


def fingerprint(connection, source: str):
    columns = ", ".join(f"{name}::{kind}" for name, kind, *_ in connection.execute("describe fct_sales").fetchall())
    return connection.execute(f"select count(*), sum(hash({columns})::hugeint) from {source}").fetchone()


def publish(connection) -> None:
    """Both exports, each read back before it is made visible: what reached the disk is what the model holds."""
    serving, lake = f"{WORK}/serving.duckdb", f"{WORK}/lake"
    for path in (f"{serving}.new", serving):
        if os.path.exists(path):
            os.remove(path)
    check(connection, "select count(*) from (select sale_id from fct_sales group by sale_id having count(*) > 1)")
    expected = fingerprint(connection, "fct_sales")
    connection.execute(f"attach '{serving}.new' as serving")
    connection.execute("create table serving.sales as select * from main.fct_sales")
    connection.execute("checkpoint serving")
    connection.execute("detach serving")
    connection.execute(f"attach '{serving}.new' as serving (read_only)")
    assert fingerprint(connection, "serving.sales") == expected
    connection.execute("detach serving")
    os.rename(f"{serving}.new", serving)
    shutil.rmtree(lake, ignore_errors=True)
    connection.execute(f"copy (select * from fct_sales) to '{lake}' (format parquet, partition_by (sale_date, region))")
    assert fingerprint(connection, f"read_parquet('{lake}/**/*.parquet', hive_partitioning = true)") == expected


def check(connection, sql: str) -> None:
    assert connection.execute(sql).fetchone()[0] == 0, sql


def main() -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    start = time.monotonic()
    database = duckdb.connect(f"{WORK}/warehouse.duckdb", config={"threads": THREADS})
    database.execute("set timezone = 'UTC'")
    database.execute("create schema sales")
    for day in DAYS:
        regions = [r for r in FORMATS if os.path.isdir(f"{DROP}/{r}/{day}")]
        in_parallel(database, [lambda c, r=r: load(c, r, day) for r in regions])
        models(database)
        in_parallel(database, [lambda c, s=s: c.execute(s) for s in MARTS])
        in_parallel(database, [lambda c, s=s: check(c, s) for s in CHECKS])
        publish(database)
    seconds = time.monotonic() - start
    state = database.execute("select count(*), sum(quantity), sum(total_amount), bit_xor(hash(sale_id, quantity, total_amount)) from fct_sales").fetchone()
    print(json.dumps({"seconds": round(seconds, 3), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                      "state": [str(v) for v in state]}))


main()
