-- Makes the drops of four regions for two days, the same on every machine: every value follows from hash(region, day, i).
-- Run by ./demo through `stir sql --target scratch`; {{SALES}} and {{OUT}} are set there.
--
-- A region's day holds {{SALES}} completed sales and what real feeds add to them:
--   1 %    rows sent twice, and 0.5 % sent again an hour later with one more item (the later version is the sale)
--   1.5 %  sales that are pending or deleted (not asked for)
--   0.4 %  sales that break a business rule; text feeds also carry values that do not fit their type
--   1 %    on day two: corrections of day one's sales
-- apac grows a column (loyalty_tier) on day two; europe's second drop comes late (its folder is `late/` until then).

create macro pick(seed, n) as (hash(seed) % n)::bigint;
create macro cents(x) as (round(x, 2))::decimal(12, 2);

create table regions (code integer, region varchar, hour_shift integer);
insert into regions values (1, 'us_east', 5), (2, 'us_west', 8), (3, 'europe', -1), (4, 'apac', -9);
create table days (day date);
insert into days values (date '2026-11-18'), (date '2026-11-19');

create table sale as
select
    r.region,
    d.day,
    i,
    r.code * 1000000000000 + (d.day - date '2026-01-01') * 1000000000::bigint + i as sale_id,
    r.code * 100 + pick(i || '/store/' || r.code, 12) + 1 as store_id,
    pick(i || '/product/' || d.day, 40) + 1 as product_id,
    pick(i || '/customer/' || r.code, 200000) + 1 as customer_id,
    d.day + to_seconds(pick(i || '/second/' || r.region || d.day, 79200)) as sold_at,
    (pick(i || '/quantity/' || d.day, 5) + 1)::integer as quantity,
    cents(5 + pick(i || '/price/' || r.code, 19500) / 100.0) as unit_price,
    case when pick(i || '/discounted/' || r.code, 5) = 0 then cents(pick(i || '/discount/' || d.day, 400) / 100.0) end as discount,
    case when pick(i || '/taxed/' || r.code, 10) < 9 then cents(pick(i || '/tax/' || d.day, 900) / 100.0) end as tax
from regions r, days d, range({{SALES}}) t(i);

create table event as
with priced as (
    select *, cents(quantity * unit_price - coalesce(discount, 0) + coalesce(tax, 0)) as total_amount,
           i % 1000 as slot, 'completed' as status, false as is_deleted, sold_at + interval 1 minute as updated_at
    from sale
)
select * replace (
    case slot when 11 then 0 when 12 then -quantity else quantity end as quantity,
    case slot when 13 then 0 else unit_price end as unit_price,
    case slot when 14 then cents(total_amount * 3) else total_amount end as total_amount)
from priced
union all                                                        -- sent twice
select * from priced where i % 100 = 50
union all                                                        -- sent again with one more item
select * replace (quantity + 1 as quantity, cents(total_amount + unit_price) as total_amount,
                  updated_at + interval 1 hour as updated_at)
from priced where i % 200 = 77
union all                                                        -- not asked for
select * replace (sale_id + 900000000 as sale_id, case when i % 3 = 0 then 'completed' else 'pending' end as status,
                  i % 3 = 0 as is_deleted)
from priced where i % 200 in (31, 32, 33)
union all                                                        -- day two corrects day one
select * replace (date '2026-11-19' as day, cents(coalesce(discount, 0) + 1) as discount,
                  cents(total_amount + coalesce(discount, 0) - cents(coalesce(discount, 0) + 1)) as total_amount,
                  updated_at + interval 1 day as updated_at)
from priced where day = date '2026-11-18' and i % 100 = 23;

create view columns_out as
select region, day, i, slot, sale_id, store_id, product_id, customer_id, sold_at, quantity, unit_price, discount, tax, total_amount,
       status, is_deleted, updated_at
from event;

-- Parquet: us_east in two parts a day, apac in one, with its new column on day two.
copy (select * exclude (region, day, i, slot) from columns_out where region = 'us_east' and day = '2026-11-18' and i % 2 = 0) to '{{OUT}}/us_east/2026-11-18/part-0.parquet';
copy (select * exclude (region, day, i, slot) from columns_out where region = 'us_east' and day = '2026-11-18' and i % 2 = 1) to '{{OUT}}/us_east/2026-11-18/part-1.parquet';
copy (select * exclude (region, day, i, slot) from columns_out where region = 'us_east' and day = '2026-11-19' and i % 2 = 0) to '{{OUT}}/us_east/2026-11-19/part-0.parquet';
copy (select * exclude (region, day, i, slot) from columns_out where region = 'us_east' and day = '2026-11-19' and i % 2 = 1) to '{{OUT}}/us_east/2026-11-19/part-1.parquet';
copy (select * exclude (region, day, i, slot) from columns_out where region = 'apac' and day = '2026-11-18') to '{{OUT}}/apac/2026-11-18/sales.parquet';
copy (select * exclude (region, day, i, slot), ['none', 'silver', 'gold'][(i % 3 + 1)::integer] as loyalty_tier
      from columns_out where region = 'apac' and day = '2026-11-19') to '{{OUT}}/apac/2026-11-19/sales.parquet';

-- CSV: us_west, with amounts that are no numbers and dates that are no dates.
create macro as_text(d) as table
select sale_id::varchar as sale_id, store_id, product_id, customer_id,
       case when slot = 15 then 'not a date' else strftime(sold_at, '%Y-%m-%d %H:%M:%S') end as sold_at,
       case when slot = 16 then 'two' else quantity::varchar end as quantity,
       case when slot = 17 then '12,50' else unit_price::varchar end as unit_price,
       discount, tax, total_amount, status, is_deleted, strftime(updated_at, '%Y-%m-%d %H:%M:%S') as updated_at
from columns_out where region = 'us_west' and day = d;
copy (from as_text('2026-11-18')) to '{{OUT}}/us_west/2026-11-18/sales.csv' (header);
copy (from as_text('2026-11-19')) to '{{OUT}}/us_west/2026-11-19/sales.csv' (header);

-- JSON lines: europe, with a few lines cut short in transit. A line is text here, so that a broken one can be written.
create macro as_lines(d) as table
select case when slot = 18 then line[:40] else line end as line
from (select slot, to_json({sale_id: sale_id, store_id: store_id, product_id: product_id, customer_id: customer_id,
                            sold_at: strftime(sold_at, '%Y-%m-%dT%H:%M:%S'),
                            quantity: case when slot = 16 then to_json('two') else to_json(quantity) end,
                            unit_price: unit_price, discount: discount, tax: tax, total_amount: total_amount,
                            status: status, is_deleted: is_deleted,
                            updated_at: strftime(updated_at, '%Y-%m-%dT%H:%M:%S')})::varchar as line
      from columns_out where region = 'europe' and day = d);
copy (from as_lines('2026-11-18')) to '{{OUT}}/europe/2026-11-18/sales.jsonl' (format csv, header false, quote '', escape '', delimiter E'\x01');
copy (from as_lines('2026-11-19')) to '{{OUT}}/late/europe/2026-11-19/sales.jsonl' (format csv, header false, quote '', escape '', delimiter E'\x01');
