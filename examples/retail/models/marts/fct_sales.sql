-- One row a sale, the latest version of it. Merged by sale_id: a rerun or a late row changes a sale, it never doubles it.
{{ config(materialized='incremental', unique_key='sale_id', on_schema_change='append_new_columns') }}
select
    sale_id,
    region,
    store_id,
    product_id,
    customer_id,
    sold_at,
    sale_date,
    quantity,
    unit_price,
    discount,
    tax,
    total_amount,
    total_amount - tax as net_amount,
    updated_at,
    batch_id,
    loaded_at
from {{ ref('int_sales_checked') }}
where reject_reason is null
{% if is_incremental() %}
  and loaded_at > (select coalesce(max(loaded_at), timestamp '1970-01-01') from {{ this }})
{% endif %}
