-- What the retail platform must hold after both days, computed straight from the delivered files: shares no SQL, no model and
-- no database with the pipeline. {{DROP}} is the folder of drops. One CSV-able result: kind, region, day, reason, rows, items, amount.
create macro number(x) as try_cast(x as decimal(14, 2));
create table line as
select 'us_east' as region, sale_id::varchar as sale_id, store_id::varchar as store_id, sold_at::varchar as sold_at, quantity::varchar as quantity,
       unit_price::varchar as unit_price, total_amount::varchar as total_amount, status, is_deleted::varchar as is_deleted, updated_at::varchar as updated_at, false as broken
from read_parquet('{{DROP}}/us_east/*/*.parquet')
union all
select 'apac', sale_id::varchar, store_id::varchar, sold_at::varchar, quantity::varchar, unit_price::varchar, total_amount::varchar, status, is_deleted::varchar, updated_at::varchar, false
from read_parquet('{{DROP}}/apac/*/*.parquet', union_by_name = true)
union all
select 'us_west', sale_id, store_id, sold_at, quantity, unit_price, total_amount, status, is_deleted, updated_at, false
from read_csv('{{DROP}}/us_west/*/*.csv', all_varchar = true)
union all
select 'europe', j ->> 'sale_id', j ->> 'store_id', j ->> 'sold_at', j ->> 'quantity', j ->> 'unit_price', j ->> 'total_amount', j ->> 'status', j ->> 'is_deleted', j ->> 'updated_at', j is null
from (select try_cast(content as json) as j
      from read_csv('{{DROP}}/europe/*/*.jsonl', header = false, columns = {'content': 'varchar'}, delim = E'\x01', quote = '', escape = ''));

create table misfit as
select *, broken
       or try_cast(quantity as integer) is null and quantity is not null
       or number(unit_price) is null and unit_price is not null
       or try_cast(sold_at as timestamp) is null and sold_at is not null as does_not_fit
from line;

create table sale as
select region, sale_id, try_cast(sold_at as timestamp)::date as day, store_id, quantity::integer as quantity, number(unit_price) as unit_price,
       number(total_amount) as total_amount
from misfit m
where not does_not_fit and status = 'completed' and is_deleted = 'false'
  and not exists (select 1 from misfit newer where newer.sale_id = m.sale_id and not newer.does_not_fit and newer.updated_at::timestamp > m.updated_at::timestamp)
group by all;

create table verdict as
select *, case when quantity <= 0 then 'quantity not positive'
               when unit_price <= 0 then 'price not positive'
               when total_amount not between 0.5 * quantity * unit_price and 2 * quantity * unit_price then 'total out of range' end as reason
from sale;

select 'accepted' as kind, region, day::varchar as day, '' as reason, count(*) as rows, sum(quantity) as items, sum(total_amount) as amount from verdict where reason is null group by all
union all
select 'rejected', region, day::varchar, reason, count(*), sum(quantity), sum(total_amount) from verdict where reason is not null group by all
union all
select 'misfit', region, '', '', count(*), null, null from misfit where does_not_fit group by all
order by all;
