# Five PostgreSQL servers in a private folder, for ../demo-postgres: the regions' and the application's. Each listens on a socket in
# a folder of its own, so no port is taken. PostgreSQL refuses to run as root: root lends it the account `postgres`.
readonly regions=(us_east us_west europe apac)
readonly programs=${STIR_PG_BIN:-/usr/lib/postgresql/15/bin}
unset "${!PG@}" 2>/dev/null || true      # whoever calls may have a server of their own in mind
RETAIL_SERVERS=$(mktemp -d /tmp/stir-retail-XXXXXX); export RETAIL_SERVERS
chmod 755 "$RETAIL_SERVERS"

as_owner() {
  if [[ $EUID -eq 0 ]]; then set -- setpriv --reuid=postgres --regid=postgres --init-groups "$@"; fi
  (cd "$RETAIL_SERVERS" && "$@")
}
sql_on() { psql --host "$RETAIL_SERVERS/$1" --port 5432 --username owner --dbname "${DATABASE:-shop}" --no-psqlrc --quiet --tuples-only --no-align \
             --set ON_ERROR_STOP=1 "${@:2}"; }

# Without fsync, since it is no machine that dies here.
start_server() {
  as_owner "$programs/pg_ctl" --pgdata "$RETAIL_SERVERS/$1/data" --log "$RETAIL_SERVERS/$1/log" --wait --silent \
    --options "-c listen_addresses='' -c port=5432 -c unix_socket_directories='$RETAIL_SERVERS/$1' -c timezone=UTC -c fsync=off" start >/dev/null
}
# What a power cut leaves: nothing is finished, nothing is flushed.
crash_server() { as_owner "$programs/pg_ctl" --pgdata "$RETAIL_SERVERS/$1/data" --mode immediate --wait --silent stop >/dev/null; }

stop_servers() {
  local name
  for name in "${regions[@]}" app; do
    [[ ! -e $RETAIL_SERVERS/$name/data/postmaster.pid ]] || crash_server "$name" || true
  done
  rm -rf "$RETAIL_SERVERS"
}

# One is made, the others are copies of its folder.
start_servers() {
  [[ -x $programs/initdb ]] || { echo "no PostgreSQL in $programs: tools/setup demo installs it, STIR_PG_BIN names another" >&2; exit 1; }
  if [[ $EUID -eq 0 ]]; then chown postgres "$RETAIL_SERVERS"; fi
  local name
  as_owner mkdir "${regions[@]}" app
  as_owner "$programs/initdb" --pgdata app/data --username owner --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync >/dev/null
  start_server app
  DATABASE=postgres sql_on app -c "create database shop" -c "create role reader login" -c "create role publisher login" \
    -c "create role dashboard login" -c "grant pg_read_all_stats to reader"
  sql_on app -c "grant usage, create on schema public to publisher"
  as_owner "$programs/pg_ctl" --pgdata app/data --mode fast --wait --silent stop
  for name in "${regions[@]}"; do as_owner cp -r app/data "$name/"; done
  for name in "${regions[@]}" app; do start_server "$name"; done
}

# The table of a region as its own people made it: us_west and europe keep texts where others have numbers and dates.
make_source() {
  local moment=timestamp quantity=integer price='numeric(12,2)'
  case $1 in us_west) moment=text quantity=text price=text ;; europe) moment=text quantity=text ;; esac
  sql_on "$1" -c "create table sales (sale_id bigint not null, store_id integer, product_id integer, customer_id integer, sold_at $moment, \
    quantity $quantity, unit_price $price, discount numeric(12,2), tax numeric(12,2), total_amount numeric(14,2), status text not null, \
    is_deleted boolean not null, updated_at timestamp not null); grant select on sales to reader; \
    create function stalls(id bigint, at bigint) returns boolean language plpgsql as \
    'begin if id = at then perform pg_sleep(600); end if; return true; end'"
}

# Whoever reads the region's sales of the day gets half of them, and then waits.
stall() {
  sql_on "$1" -c "do \$\$ begin execute format('create policy stall on sales using (stalls(sale_id, %s))',
      (select sale_id from sales where updated_at::date = '$2' and status = 'completed' and not is_deleted
       order by ctid offset (select count(*) / 2 from sales where updated_at::date = '$2') limit 1)); end \$\$;
    alter table sales enable row level security"
}
unstall() {
  sql_on "$1" -c "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'" >/dev/null
  sql_on "$1" -c "drop policy stall on sales; alter table sales disable row level security"
}

# wait_for WHAT SERVER QUERY: until the query has a row, whose text is the answer.
wait_for() {
  local answer tries
  for ((tries = 0; tries < 1200; ++tries)); do
    answer=$(sql_on "$2" -c "$3")
    [[ -z $answer ]] || { echo "$answer"; return; }
    sleep 0.05
  done
  echo "waited in vain for $1" >&2
  return 1
}
readonly is_stalled="select sum(tuples_processed) from pg_stat_progress_copy having exists (select from pg_stat_activity where wait_event = 'PgSleep')"
