select
    cast(sold_at as date) as day,
    store,
    count(*) as sales,
    sum(quantity) as items,
    sum(amount_cents) / 100.0 as amount
from {{ ref('stg_sales') }}
group by all
order by day, store
