-- All regions in one shape. Explicit columns: a column that one region adds does not reach the others.
{% for region in regions() %}
select
    '{{ region }}' as region,
    sale_id,
    store_id,
    product_id,
    customer_id,
    sold_at,
    cast(sold_at as date) as sale_date,
    quantity,
    unit_price,
    coalesce(discount, 0) as discount,
    coalesce(tax, 0) as tax,
    total_amount,
    updated_at,
    _stir_run_id as batch_id,
    _stir_loaded_at as loaded_at
from {{ source('sales', region) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
