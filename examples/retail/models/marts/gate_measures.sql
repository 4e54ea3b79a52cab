-- What the gate looks at before anything is published: a row a day.
with accepted as (
    select
        sale_date,
        count(*) as rows_today,
        count(*) filter (customer_id is null or product_id is null) * 1.0 / count(*) as null_ratio
    from {{ ref('fct_sales') }}
    group by sale_date
),
rejected as (
    select sale_date, count(*) as rows_rejected
    from {{ ref('sales_rejected') }}
    group by sale_date
),
history as (
    select sale_date, avg(rows_today) over (order by sale_date rows between 7 preceding and 1 preceding) as usual_rows
    from accepted
)
select
    a.sale_date,
    a.rows_today,
    a.null_ratio,
    coalesce(r.rows_rejected, 0) * 1.0 / (a.rows_today + coalesce(r.rows_rejected, 0)) as rejected_ratio,
    coalesce(a.rows_today / h.usual_rows, 1.0) as history_ratio
from accepted a
left join rejected r using (sale_date)
left join history h using (sale_date)
