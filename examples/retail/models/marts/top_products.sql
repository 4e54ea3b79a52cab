with sold as (
    select product_id, sum(quantity) as items, sum(total_amount) as revenue
    from {{ ref('fct_sales') }}
    group by product_id
)
select
    p.product_id,
    p.product,
    p.category,
    s.items,
    s.revenue,
    row_number() over (order by s.revenue desc, p.product_id) as place
from sold s
join {{ ref('products') }} p using (product_id)
