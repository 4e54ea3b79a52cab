select
    sale_id,
    store,
    cast(sold_at as timestamp) as sold_at,
    quantity,
    unit_price,
    {{ cents('quantity * unit_price') }} as amount_cents
from {{ ref('sales') }}
