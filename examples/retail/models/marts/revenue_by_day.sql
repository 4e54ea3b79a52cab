select
    sale_date,
    region,
    count(*) as sales,
    sum(quantity) as items,
    sum(total_amount) as revenue,
    cast(sum(total_amount) / count(*) as decimal(12, 2)) as average_sale
from {{ ref('fct_sales') }}
group by all
