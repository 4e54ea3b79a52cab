select
    p.product_id,
    p.product,
    p.category,
    sum(s.quantity) as items,
    sum(s.total_amount) as revenue,
    row_number() over (order by sum(s.total_amount) desc, p.product_id) as place
from {{ ref('fct_sales') }} s
join {{ ref('products') }} p using (product_id)
group by all
