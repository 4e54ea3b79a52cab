-- Every sale with the business rule that it breaks, or none.
{{ config(materialized='ephemeral') }}
select
    *,
    case
        when sale_id is null or store_id is null or sold_at is null then 'missing a required value'
        when quantity is null or quantity <= 0 then 'quantity not positive'
        when unit_price is null or unit_price <= 0 then 'price not positive'
        when total_amount < 0.5 * quantity * unit_price or total_amount > 2 * quantity * unit_price then 'total out of range'
    end as reject_reason
from {{ ref('stg_sales') }}
